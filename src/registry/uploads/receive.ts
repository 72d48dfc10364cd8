import type { UploadWriter } from '../../blobs/blob-store.ts'
import type { Registry } from '../registry.ts'
import type { ContentHash } from './content-hash.ts'
import { type Leased, LeaseKeeper } from './lease.ts'
import type { RoomKeeper } from './room.ts'
import { requireSmall } from './start.ts'

export interface Sink extends Leased {
  /** Bytes of the blob that are there already. */
  readonly offset: number
  readonly file: UploadWriter
  /** Undefined: the bytes are hashed when they are an object. */
  readonly hash: ContentHash | undefined
  readonly room: RoomKeeper | undefined
}

export interface Received {
  readonly bytes: number
  /** Why the body ended early: the client went away. */
  readonly failure: unknown
}

/**
 * Takes a request's body into the upload's file and hash, chunk by chunk. What arrived before the client went away
 * is kept; where the storage fails, or a quota has no room, it throws.
 * @throws BLOB_TOO_LARGE
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
    const leased = lease.renew()
    if (leased) await leased
    bytes += next.value.length
    requireSmall(registry, sink.offset + bytes)
    const taken = sink.room?.take(bytes)
    if (taken) await lease.during(taken)
    sink.hash?.update(next.value)
    const room = sink.file.write(next.value)
    if (room) await lease.during(room)
  }
}
