import { constants, type Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { algorithmOf, type Digest, digestAlgorithms } from '../../oci/digest.ts'
import type { ObjectKey } from '../blob-store.ts'
import { digestOfKey } from './paths.ts'

/** An object as its file's name and size tell; whether its bytes are right, only reading them tells. */
export interface StoredObject {
  readonly key: ObjectKey
  readonly digest: Digest
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
}

/** Every object under blobs/, and the paths of what has no object's name. */
export async function* listStoredObjects(data: string): AsyncGenerator<StoredObject | { strange: string }> {
  for (const algorithm of digestAlgorithms) {
    for (const prefix of await entries(join(data, 'blobs', algorithm))) {
      const directory = `blobs/${algorithm}/${prefix.name}`
      if (!prefix.isDirectory()) {
        yield { strange: directory }
        continue
      }
      for (const { name } of await entries(join(data, directory))) {
        const key = `${directory}/${name}`
        const digest = digestOfKey(key)
        if (!digest) yield { strange: key }
        else {
          const { size, mtimeMs } = await stat(join(data, key))
          yield { key, digest, size, modifiedAt: Math.round(mtimeMs) }
        }
      }
    }
  }
}

/** The keys of what lies in uploads/. */
export async function listOpenUploads(data: string): Promise<ObjectKey[]> {
  return (await entries(join(data, 'uploads'))).map(({ name }) => `uploads/${name}`)
}

/** Bytes read at a time. */
const readSize = 1024 * 1024

/** Reads an object's file and hands its pieces on, if anybody wants them. @returns the digest of what it holds */
export async function readObject(
  path: string,
  like: Digest,
  piece?: (bytes: Uint8Array) => Promise<void> | void,
): Promise<{ digest: Digest; size: number }> {
  const algorithm = algorithmOf(like)
  const hasher = new Bun.CryptoHasher(algorithm)
  const file = await open(path, constants.O_RDONLY)
  try {
    const buffer = new Uint8Array(Math.min(readSize, Math.max((await file.stat()).size, 1)))
    let size = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, size)
      if (bytesRead === 0) break
      const bytes = buffer.subarray(0, bytesRead)
      hasher.update(bytes)
      await piece?.(bytes)
      size += bytesRead
    }
    return { digest: `${algorithm}:${hasher.digest('hex')}` as Digest, size }
  } finally {
    await file.close()
  }
}

async function entries(directory: string): Promise<Dirent[]> {
  try {
    return (await readdir(directory, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
