import type { UploadWriter } from '../../blobs/blob-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { Registry } from '../registry.ts'

export interface Sink {
  readonly id: string
  /** Who writes: the holder of the lease. */
  readonly writer: string
  readonly file: UploadWriter
  readonly hasher: Bun.CryptoHasher
}

export interface Received {
  readonly bytes: number
  /** Why the body ended early: the client went away. */
  readonly failure: unknown
}

/**
 * Takes a request's body into the upload's file and hash, chunk by chunk. What arrived before the client went away
 * is kept; where the storage fails, it throws.
 */
export async function receive(
  registry: Registry,
  body: AsyncIterable<Uint8Array> | null,
  sink: Sink,
): Promise<Received> {
  let bytes = 0
  if (!body) return { bytes, failure: undefined }
  const lease = new LeaseKeeper(registry, sink)
  const chunks = body[Symbol.asyncIterator]()
  for (;;) {
    let next: IteratorResult<Uint8Array>
    try {
      next = await chunks.next()
    } catch (failure) {
      return { bytes, failure }
    }
    if (next.done) return { bytes, failure: undefined }
    lease.renew()
    sink.hasher.update(next.value)
    bytes += next.value.length
    const room = sink.file.write(next.value)
    if (room) await room
  }
}

/** A third of the 15 s that a lease lasts: two renewals may be lost before the right to write is. Milliseconds. */
const renewEvery = 5000

/** Renews the lease while bytes flow. */
class LeaseKeeper {
  readonly #registry: Registry
  readonly #sink: Sink
  #renewedAt: number
  #lost = false

  constructor(registry: Registry, sink: Sink) {
    this.#registry = registry
    this.#sink = sink
    this.#renewedAt = registry.now()
  }

  renew(): void {
    if (this.#lost) throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'another request took this upload over')
    const now = this.#registry.now()
    if (now - this.#renewedAt < renewEvery) return
    this.#renewedAt = now
    const { id, writer } = this.#sink
    this.#registry.metadata.change('renewUpload', { id, writer }).then(
      (held) => {
        this.#lost = !held
      },
      // The commit asks again: a database that is away for a moment need not end the transfer.
      () => undefined,
    )
  }
}
