import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { algorithmOf, type Digest } from '../../oci/digest.ts'
import type { ObjectKey } from '../blob-store.ts'
import { digestOfKey } from './paths.ts'
import { readPieces } from './read-pieces.ts'
import { walkStorage } from './walk-storage.ts'

/** An object as its file's name and size tell; whether its bytes are right, only reading them tells. */
export interface StoredObject {
  readonly key: ObjectKey
  readonly digest: Digest
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
}

/** What lies where objects do: those of blobs, what uploads have written so far, and paths of what is neither. */
export async function* listStoredObjects(
  data: string,
): AsyncGenerator<StoredObject | { upload: ObjectKey } | { strange: string }> {
  for await (const files of walkStorage(data)) {
    for (const { name, key } of files) {
      const digest = key === undefined ? undefined : digestOfKey(key)
      if (key !== undefined && digest !== undefined) {
        const { size, mtimeMs } = await stat(join(data, key))
        yield { key, digest, size, modifiedAt: Math.round(mtimeMs) }
      } else yield key === undefined ? { strange: name } : { upload: key }
    }
  }
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
  let size = 0
  for await (const bytes of readPieces(path, readSize)) {
    hasher.update(bytes)
    await piece?.(bytes)
    size += bytes.length
  }
  return { digest: `${algorithm}:${hasher.digest('hex')}` as Digest, size }
}
