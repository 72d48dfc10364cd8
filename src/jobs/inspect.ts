import type { BlobStore, ReadsObjects } from '../blobs/blob-store.ts'
import type { FindsDamage, KnownBlob } from '../metadata/metadata-store.ts'
import { algorithmOf } from '../oci/digest.ts'
import { type Pace, unhurried } from './pace.ts'

export interface Inspection {
  readonly metadata: FindsDamage
  readonly blobs: BlobStore & ReadsObjects
  /** Bytes that are read and hashed at once. */
  readonly pieceSize: number
  readonly pace?: Pace
  /** Told of each piece that was read. */
  read?(bytes: number): void
  /** Asked between pieces: whether to end early. */
  stopped?(): boolean
  /** Waits before an object that could not be read is tried again: a disk may take a moment to come back. */
  sleep?(milliseconds: number): Promise<void>
}

/** What an object turned out to be. */
export type Condition =
  /** `doubt`: what a first look found, that a second one did not. */
  | { readonly state: 'sound'; readonly doubt: string | undefined }
  | { readonly state: Fault; readonly reason: string }
  /** The digest has another object by now, or none: this one is nobody's concern. */
  | { readonly state: 'replaced' }
  | { readonly state: 'stopped' }

export type Fault = 'damaged' | 'missing' | 'unreadable'

/** Milliseconds. */
const patience = 1000
/** Opening an object costs about as much as reading this much of it. Bytes. */
const openingCost = 64 * 1024

/**
 * Reads a blob's object and compares it with its digest and its size. One that is found wanting is read a second time,
 * for a disk may have failed for a moment; and it must still be the blob's after that.
 */
export async function inspect(job: Inspection, blob: KnownBlob): Promise<Condition> {
  const first = await look(job, blob)
  if (first.state === 'sound' || first.state === 'stopped') return first
  if (first.state === 'unreadable') await (job.sleep ?? Bun.sleep)(patience)
  const second = await look(job, blob)
  if (second.state === 'sound') return { state: 'sound', doubt: first.reason }
  if (second.state === 'stopped') return second
  // Bytes go only after the transaction that took them from the blob: asked now, the metadata knows.
  const stored = await job.metadata.findStored({ digest: blob.digest })
  return stored?.objectKey === blob.objectKey ? second : { state: 'replaced' }
}

type Look = Exclude<Condition, { state: 'replaced' }>

async function look(job: Inspection, { digest, objectKey, size }: KnownBlob): Promise<Look> {
  const pace = job.pace ?? unhurried
  try {
    await pace.take(Math.max(openingCost - size, 0))
    const found = await job.blobs.size(objectKey)
    if (found === undefined) return { state: 'missing', reason: 'the storage does not have it' }
    if (found !== size) return { state: 'damaged', reason: `has ${found} bytes instead of ${size}` }
    const hasher = new Bun.CryptoHasher(algorithmOf(digest))
    for await (const piece of job.blobs.readObject(objectKey, job.pieceSize)) {
      if (job.stopped?.()) return { state: 'stopped' }
      hasher.update(piece)
      job.read?.(piece.length)
      await pace.take(piece.length)
    }
    const actual = `${algorithmOf(digest)}:${hasher.digest('hex')}`
    if (actual === digest) return { state: 'sound', doubt: undefined }
    return { state: 'damaged', reason: `has the digest ${actual}` }
  } catch (error) {
    return { state: 'unreadable', reason: error instanceof Error ? error.message : String(error) }
  }
}
