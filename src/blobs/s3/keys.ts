import type { Digest } from '../../oci/digest.ts'
import type { ObjectKey } from '../blob-store.ts'

/*
 * PREFIX/
 *   blobs/sha256/ab/<hex>.<object id>   an object that one request brought
 *   uploads/<upload id>/object          what the parts of an upload of several requests become
 *   uploads/<upload id>/<writer>        the last bytes of a session, too few for a part; a small upload's object too
 *   check                               written to see whether the storage works
 *   identity                            by which the metadata knows the bucket and prefix again
 *   closed                              there: the registry has accounts, whatever becomes of its database
 *   migration                           how far a registry is that moves here, or that it has moved
 *
 * An object of several requests keeps a name made from its upload: its digest is not known when its first part is sent,
 * and giving it another name would copy its bytes.
 */

export const checkKey = 'check'
export const identityKey = 'identity'
export const closedKey = 'closed'
export const migrationKey = 'migration'

/** What the store keeps for itself beside the objects. */
export const ownKeys: ReadonlySet<string> = new Set([checkKey, identityKey, closedKey, migrationKey])

export function committedKey(id: string, digest: Digest): ObjectKey {
  const [algorithm = '', hex = ''] = digest.split(':')
  return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}.${id}`
}

/** Stands for all that lies below it. */
export function uploadKey(id: string): ObjectKey {
  return `uploads/${id}/`
}

export function isUploadKey(key: ObjectKey): boolean {
  return key.endsWith('/')
}

export function finalKey(upload: string): ObjectKey {
  return `${uploadKey(upload)}object`
}

export function tailKey(upload: string, writer: string): ObjectKey {
  return `${uploadKey(upload)}${writer}`
}

const committed =
  /^blobs\/(?:sha256\/[0-9a-f]{2}\/[0-9a-f]{64}|sha512\/[0-9a-f]{2}\/[0-9a-f]{128})\.[a-z0-9-]+$/
const uploaded = /^(uploads\/[a-z0-9-]+\/)[a-z0-9-]+$/

/** Whether this store would have made an object of this name, and of which upload it may be a part. */
export function recognise(key: string): { ours: boolean; upload: ObjectKey | undefined } {
  const upload = uploaded.exec(key)?.[1]
  return { ours: upload !== undefined || committed.test(key), upload }
}
