import type { BlobStore } from '../blobs/blob-store.ts'
import type { ChangesMetadata, CollectsGarbage, DoomedObject } from '../metadata/metadata-store.ts'

const uploadsAtOnce = 200
/** Their directories are synced once for all of them. */
const objectsAtOnce = 2000

export interface Sweep {
  readonly metadata: ChangesMetadata & CollectsGarbage
  readonly blobs: BlobStore
  /** Uploads without activity for this long are abandoned. Milliseconds. */
  readonly uploadAge: number
  /** Objects are kept for this long after the last reader could have found them. Milliseconds. */
  readonly keepObjects: number
  /** Asked between steps: whether to end early. What is left is found by the next run. */
  stopped?(): boolean
}

export interface Removed {
  readonly objects: number
  readonly bytes: number
}

/** Drops abandoned uploads, and removes the objects that nothing refers to any more. */
export async function sweep(job: Sweep): Promise<Removed & { uploads: number }> {
  const uploads = await expireUploads(job.metadata, job.uploadAge)
  return { uploads, ...(await removeDoomed(job, job.keepObjects)) }
}

/** @param age milliseconds without activity */
export async function expireUploads(metadata: ChangesMetadata, age: number): Promise<number> {
  let uploads = 0
  for (;;) {
    const expired = await metadata.change('expireUploads', { age, limit: uploadsAtOnce })
    uploads += expired
    if (expired < uploadsAtOnce) return uploads
  }
}

/**
 * Removes objects that were doomed at least `age` milliseconds ago.
 * @param progress told after each step what it removed
 */
export async function removeDoomed(
  { metadata, blobs, stopped }: Pick<Sweep, 'metadata' | 'blobs' | 'stopped'>,
  age: number,
  progress?: (removed: Removed) => void,
): Promise<Removed> {
  const sum = { objects: 0, bytes: 0 }
  for (;;) {
    const doomed = await metadata.listDoomed({ age, limit: objectsAtOnce })
    if (doomed.length === 0 || stopped?.()) return sum
    const sizes = new Map<string, number>()
    for (const { objectKey, size } of doomed) sizes.set(objectKey, size ?? (await blobs.size(objectKey)) ?? 0)
    const objectKeys = doomed.map(({ objectKey }) => objectKey)
    const [read, neverRead] = partition(doomed)
    if (read.length > 0) await blobs.remove(read)
    if (neverRead.length > 0) await blobs.remove(neverRead, { unfinished: true })
    // Who removes the same beside this one is done with some of them: each counts once.
    const forgotten = new Set(await metadata.change('forgetDoomed', { objectKeys }))
    const removed = { objects: forgotten.size, bytes: 0 }
    for (const [key, size] of sizes) if (forgotten.has(key)) removed.bytes += size
    sum.objects += removed.objects
    sum.bytes += removed.bytes
    progress?.(removed)
  }
}

/** @returns the keys of objects that somebody read, and of those that may never have been made to the end */
function partition(doomed: readonly DoomedObject[]): [string[], string[]] {
  const keysOf = (wanted: boolean) =>
    doomed.filter(({ neverRead }) => neverRead === wanted).map(({ objectKey }) => objectKey)
  return [keysOf(false), keysOf(true)]
}
