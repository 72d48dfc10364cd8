import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyIndex } from '../load/push.ts'
import type { Tags } from './product.ts'

/*
 * What distribution's filesystem driver keeps (its registry/storage/paths.go), as far as listings walk it:
 *
 *   docker/registry/v2/
 *     blobs/sha256/<first two hex digits>/<hex>/data
 *     repositories/<name>/
 *       _layers/  _uploads/
 *       _manifests/
 *         revisions/sha256/<hex>/link
 *         tags/<tag>/current/link            the digest
 *
 * Pushing 100,000 manifests to it takes the better part of an hour; the listings read nothing but these names.
 */

export async function writeTags(data: string, { repository, names }: Tags): Promise<void> {
  const manifests = join(openRepository(data, repository), '_manifests')
  storeManifest(data, manifests)
  await inSlices(names, (tag) => linkTag(manifests, tag))
}

export async function writeRepositories(data: string, names: readonly string[]): Promise<void> {
  await inSlices(names, (name) => linkTag(join(openRepository(data, name), '_manifests'), 'latest'))
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

function linkTag(manifests: string, tag: string): void {
  const current = join(manifests, 'tags', tag, 'current')
  mkdirSync(current, { recursive: true })
  writeFileSync(join(current, 'link'), emptyIndex.digest)
}

function storeManifest(data: string, manifests: string): void {
  const blob = blobDirectory(data, emptyIndex.digest)
  const revision = join(manifests, 'revisions/sha256', emptyIndex.digest.slice('sha256:'.length))
  mkdirSync(blob, { recursive: true })
  writeFileSync(join(blob, 'data'), emptyIndex.bytes)
  mkdirSync(revision, { recursive: true })
  writeFileSync(join(revision, 'link'), emptyIndex.digest)
}

/** Synchronous calls are the fast ones here; between slices, Ctrl-C is heard. */
async function inSlices(names: readonly string[], write: (name: string) => void): Promise<void> {
  for (let start = 0; start < names.length; start += 1_000) {
    for (const name of names.slice(start, start + 1_000)) write(name)
    await Bun.sleep(0)
  }
}
