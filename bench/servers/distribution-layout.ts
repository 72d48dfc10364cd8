import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Tags } from './product.ts'

/*
 * What distribution's filesystem driver keeps (its registry/storage/paths.go), as far as listings look at it:
 *
 *   docker/registry/v2/
 *     blobs/sha256/<first two hex digits>/<hex>/data
 *     repositories/<name>/
 *       _layers/  _uploads/
 *       _manifests/
 *         tags/<tag>/
 *
 * Both listings walk these names and open nothing below them, so nothing lies there: pushing 100,000 manifests would
 * take half an hour, and a million more files and directories minutes to write and to remove.
 */

export async function writeTags(data: string, { repository, names }: Tags): Promise<void> {
  const tags = join(openRepository(data, repository), '_manifests/tags')
  await inSlices(names, (tag) => mkdirSync(join(tags, tag), { recursive: true }))
}

export async function writeRepositories(data: string, names: readonly string[]): Promise<void> {
  await inSlices(names, (name) => openRepository(data, name))
}

export function blobDirectory(data: string, digest: string): string {
  const hex = digest.slice('sha256:'.length)
  return join(root(data), 'blobs/sha256', hex.slice(0, 2), hex)
}

function root(data: string): string {
  return join(data, 'docker/registry/v2')
}

function openRepository(data: string, name: string): string {
  const repository = join(root(data), 'repositories', name)
  for (const part of ['_layers', '_manifests', '_uploads'])
    mkdirSync(join(repository, part), { recursive: true })
  return repository
}

/** Synchronous calls are the fast ones here; between slices, Ctrl-C is heard. */
async function inSlices(names: readonly string[], write: (name: string) => unknown): Promise<void> {
  for (let start = 0; start < names.length; start += 1_000) {
    for (const name of names.slice(start, start + 1_000)) write(name)
    await Bun.sleep(0)
  }
}
