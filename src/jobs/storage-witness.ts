import type { BlobStore, ReadsObjects } from '../blobs/blob-store.ts'
import type { KnownBlob, ListsObjects } from '../metadata/metadata-store.ts'

/** Where in the order of digests others are looked for: an empty directory among 256 must not speak for all. */
const places = [...'0123456789abcdef'].map((digit) => `sha256:${digit}`)
const perPlace = 2
/** Of so many others one is there, unless the storage is away. */
const enough = 20

export type Presence =
  | 'there'
  /** Not one of many objects can be read: rather a disk that is not mounted than that many losses. */
  | 'away'
  /** There are too few others to tell. */
  | 'unknown'

/**
 * Tells a lost object from a storage that is away as a whole, before anything is quarantined on the word of a file that
 * is not there.
 */
export class StorageWitness {
  readonly #metadata: ListsObjects
  readonly #blobs: BlobStore & ReadsObjects
  #sound: KnownBlob | undefined

  constructor({ metadata, blobs }: { metadata: ListsObjects; blobs: BlobStore & ReadsObjects }) {
    this.#metadata = metadata
    this.#blobs = blobs
  }

  /** This one was just read. */
  saw(blob: KnownBlob): void {
    this.#sound = blob
  }

  async look(): Promise<Presence> {
    if (this.#sound && (await this.#answers(this.#sound))) return 'there'
    this.#sound = undefined
    const asked = new Set<string>()
    for (const after of places) {
      for (const blob of await this.#metadata.listBlobs({ after, limit: perPlace })) {
        if (blob.size === 0 || asked.has(blob.digest)) continue
        if (await this.#answers(blob)) return 'there'
        asked.add(blob.digest)
      }
    }
    return asked.size < enough ? 'unknown' : 'away'
  }

  async #answers({ objectKey }: KnownBlob): Promise<boolean> {
    try {
      for await (const piece of this.#blobs.readObject(objectKey, 4096)) return piece.length > 0
      return false
    } catch {
      return false
    }
  }
}
