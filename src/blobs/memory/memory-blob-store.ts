import type { ByteRange } from '../../oci/byte-range.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type {
  BlobBody,
  BlobStore,
  Committed,
  ListsStorage,
  Lying,
  LyingFacts,
  MarksClosed,
  ObjectKey,
  ReadsObjects,
  ReadsUploads,
  UploadWriter,
} from '../blob-store.ts'

/** Blobs in memory, for tests: it keeps nothing when the process ends. */
export class MemoryBlobStore implements BlobStore, ReadsObjects, ReadsUploads, ListsStorage, MarksClosed {
  readonly #objects = new Map<ObjectKey, Uint8Array>()
  readonly #writers = new Map<string, MemoryWriter>()

  #closed = false

  async markClosed(): Promise<void> {
    this.#closed = true
  }

  async isMarkedClosed(): Promise<boolean> {
    return this.#closed
  }

  uploadKey(id: string): ObjectKey {
    return `uploads/${id}`
  }

  committedKey(id: string, digest: Digest): ObjectKey {
    return `blobs/${digest}.${id}`
  }

  async openUpload(id: string, offset: number): Promise<UploadWriter> {
    await this.#writers.get(id)?.discard()
    const key = this.uploadKey(id)
    const before = this.#objects.get(key)
    if (offset > (before?.length ?? 0)) throw new Error(`upload ${id} has no ${offset} bytes`)
    const writer = new MemoryWriter((before ?? new Uint8Array()).slice(0, offset), (bytes) => {
      this.#objects.set(key, bytes)
    })
    this.#objects.set(key, (before ?? new Uint8Array()).slice(0, offset))
    this.#writers.set(id, writer)
    return writer
  }

  async *readUpload(id: string, length: number): AsyncIterable<Uint8Array> {
    const bytes = this.#objects.get(this.uploadKey(id))
    if (!bytes || bytes.length < length) throw new Error(`upload ${id} has no ${length} bytes`)
    yield bytes.subarray(0, length)
  }

  async create(key: ObjectKey): Promise<UploadWriter> {
    return new MemoryWriter(new Uint8Array(), (bytes) => this.#objects.set(key, bytes))
  }

  async commit(id: string, to: ObjectKey): Promise<Committed> {
    const from = this.uploadKey(id)
    const bytes = this.#objects.get(from)
    if (!bytes && !this.#objects.has(to))
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'the bytes of this upload are gone: start a new one')
    if (bytes) this.#objects.set(to, bytes)
    this.#objects.delete(from)
    return { key: to, sure: true, superseded: [] }
  }

  async read(key: ObjectKey, { range }: { size: number; range?: ByteRange }): Promise<BlobBody | undefined> {
    const bytes = this.#objects.get(key)
    if (!bytes) return undefined
    return { kind: 'bytes', bytes: range ? bytes.subarray(range.first, range.last + 1) : bytes }
  }

  async *readObject(key: ObjectKey, pieceSize: number): AsyncIterable<Uint8Array> {
    const bytes = this.#objects.get(key)
    if (!bytes) throw new Error(`there is no object ${key}`)
    for (let start = 0; start < bytes.length; start += pieceSize)
      yield bytes.subarray(start, start + pieceSize)
  }

  async *listStorage(): AsyncIterable<readonly Lying[]> {
    yield Array.from(this.#objects.keys(), (key) => ({ name: key, key }))
  }

  async describe(name: string): Promise<LyingFacts | undefined> {
    const bytes = this.#objects.get(name)
    return bytes && { size: bytes.length, since: 0 }
  }

  async size(key: ObjectKey): Promise<number | undefined> {
    return this.#objects.get(key)?.length
  }

  async remove(keys: readonly ObjectKey[]): Promise<void> {
    for (const key of keys) this.#objects.delete(key)
  }

  async check(): Promise<void> {}
}

class MemoryWriter implements UploadWriter {
  readonly #kept: Uint8Array
  readonly #chunks: Uint8Array[] = []
  readonly #store: (bytes: Uint8Array) => void
  #revoked = false

  constructor(kept: Uint8Array, store: (bytes: Uint8Array) => void) {
    this.#kept = kept
    this.#store = store
  }

  write(chunk: Uint8Array): undefined {
    if (this.#revoked) {
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'another request took this upload over')
    }
    this.#chunks.push(chunk.slice())
  }

  async sync(): Promise<void> {
    this.#store(Buffer.concat([this.#kept, ...this.#chunks]))
  }

  keep(): Promise<void> {
    return this.sync()
  }

  async discard(): Promise<void> {
    this.#revoked = true
    this.#chunks.length = 0
  }

  async close(): Promise<void> {}
}
