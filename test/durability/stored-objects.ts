import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../../src/oci/digest.ts'

/** What really lies in a store, whatever the metadata says. */
export interface StoredObjects {
  /** Keys of stored objects. */
  list(): Promise<string[]>
  /** Keys of what uploads left. */
  listUploads(): Promise<string[]>
  /** Of all objects together, where the store tells. */
  bytes?(): Promise<number>
  /** What the objects hold, where their names alone don't say so; undefined: nobody knows of it. */
  digestsOf?(keys: readonly string[]): Promise<ReadonlyMap<string, Digest>>
}

export function objectsInFiles(data: string): StoredObjects {
  const below = async (directory: string) => {
    const entries = await readdir(join(data, directory), { recursive: true, withFileTypes: true }).catch(
      () => [],
    )
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  }
  return { list: () => below('blobs'), listUploads: () => below('uploads') }
}

/** The name of an object alone says its digest. */
export function digestOfObject(key: string): Digest {
  const [, algorithm, hex] = /(sha256|sha512)\/[0-9a-f]{2}\/([0-9a-f]+)\.[^/]+$/.exec(key) ?? []
  if (!hex) throw new Error(`${key} is not where an object belongs`)
  return `${algorithm}:${hex}` as Digest
}

/**
 * Compares what lies in the store with what is live: every digest once, and nothing else.
 * @returns sentences; none where they are the same
 */
export async function differences(stored: StoredObjects, live: ReadonlySet<Digest>): Promise<string[]> {
  const wrong: string[] = []
  const seen = new Set<Digest>()
  const keys = await stored.list()
  const known = await stored.digestsOf?.(keys)
  for (const key of keys) {
    const digest = known ? known.get(key) : digestOfObject(key)
    if (digest === undefined) {
      wrong.push(`${key} is stored, and nobody knows what it is`)
      continue
    }
    if (seen.has(digest)) wrong.push(`${key} is a second object of its digest`)
    else if (!live.has(digest)) wrong.push(`${key} is stored, and no live manifest needs it`)
    seen.add(digest)
  }
  for (const digest of live) if (!seen.has(digest)) wrong.push(`${digest} is needed, and not stored`)
  for (const key of await stored.listUploads()) wrong.push(`${key} is left of an upload`)
  return wrong
}

/** Watches objects go. Those that come and go between two looks are not counted. */
export class RemovalWatch {
  removed = 0
  readonly #stored: StoredObjects
  #present = new Set<string>()

  constructor(stored: StoredObjects) {
    this.#stored = stored
  }

  async look(): Promise<void> {
    const present = new Set(await this.#stored.list())
    for (const key of this.#present) if (!present.has(key)) this.removed += 1
    this.#present = present
  }
}
