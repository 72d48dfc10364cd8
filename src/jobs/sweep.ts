import type { BlobStore } from '../blobs/blob-store.ts'
import type { ChangesMetadata, FindsBlobs } from '../metadata/metadata-store.ts'

const batch = 200

export interface Sweep {
  readonly metadata: ChangesMetadata & FindsBlobs
  readonly blobs: BlobStore
  /** Uploads without activity for this long are abandoned. Milliseconds. */
  readonly uploadAge: number
  /** Objects are kept for this long after the last reader could have found them. Milliseconds. */
  readonly keepObjects: number
}

export interface Swept {
  readonly uploads: number
  readonly objects: number
}

/** Drops abandoned uploads, and removes the objects that nothing refers to any more. */
export async function sweep(job: Sweep): Promise<Swept> {
  let uploads = 0
  for (;;) {
    const expired = await job.metadata.change('expireUploads', { age: job.uploadAge, limit: batch })
    uploads += expired
    if (expired < batch) break
  }
  let objects = 0
  for (;;) {
    const objectKeys = await job.metadata.listDoomed({ age: job.keepObjects, limit: batch })
    if (objectKeys.length === 0) return { uploads, objects }
    await job.blobs.remove(objectKeys)
    await job.metadata.change('forgetDoomed', { objectKeys })
    objects += objectKeys.length
  }
}
