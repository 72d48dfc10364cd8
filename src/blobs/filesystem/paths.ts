import { join } from 'node:path'
import { algorithmOf, type Digest, hexOf } from '../../oci/digest.ts'
import type { ObjectKey } from '../blob-store.ts'

/*
 * DATA/
 *   uploads/<id>                              an upload that is still open        key: uploads/<id>
 *   blobs/<algorithm>/<ab>/<hex>.<id>         a stored object, for good           key: the same
 *
 * <ab> are the first two digits of <hex>. A key is the path inside DATA; nothing a client sends becomes part of one
 * but digests, which are checked, and ids are our own.
 */

const key =
  /^(?:uploads\/|blobs\/sha256\/([0-9a-f]{2})(?=\/\1)\/[0-9a-f]{64}\.|blobs\/sha512\/([0-9a-f]{2})(?=\/\2)\/[0-9a-f]{128}\.)[0-9a-z-]{1,64}$/

export function uploadKey(id: string): ObjectKey {
  return `uploads/${id}`
}

export function committedKey(id: string, digest: Digest): ObjectKey {
  const hex = hexOf(digest)
  return `blobs/${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}.${id}`
}

/** Written and removed where the store is asked whether it works; no upload has such a name. */
export const probeName = 'uploads/readiness-probe'

export function isObjectKey(name: string): name is ObjectKey {
  return key.test(name) && name !== probeName
}

/** The file of a key. A key that is not of the forms above is a fault of ours, never a path. */
export function fileOf(data: string, objectKey: ObjectKey): string {
  if (!key.test(objectKey)) throw new Error(`not an object key of this store: ${JSON.stringify(objectKey)}`)
  return join(data, objectKey)
}

/** What a committed object's key says that it holds; undefined: it is none. */
export function digestOfKey(objectKey: ObjectKey): Digest | undefined {
  const [, algorithm, , hex] = /^blobs\/(sha\d+)\/([0-9a-f]{2})\/([0-9a-f]+)\./.exec(objectKey) ?? []
  return key.test(objectKey) && algorithm ? (`${algorithm}:${hex}` as Digest) : undefined
}
