import { RegistryError } from '../../oci/errors.ts'
import type { Call, Registry } from '../registry.ts'
import { isOverQuota } from '../wait-for-room.ts'
import { holdLease } from './lease.ts'
import { type Received, receive } from './receive.ts'
import { resumeHash } from './resume-hash.ts'
import {
  abandonSession,
  beginSession,
  type Chunk,
  lengthsDiffer,
  type Session,
  sessionAlgorithm,
} from './session.ts'
import { requireRoom } from './start.ts'
import { dropUpload } from './status.ts'

export interface Appended {
  /** Bytes of the upload that are durable now. */
  readonly offset: number
  readonly received: number
}

/**
 * Adds a chunk to an upload; when it resolves, the chunk is durable. What came of a body whose client went away is
 * kept, and the client finds it in the upload's status.
 * @throws BLOB_UPLOAD_UNKNOWN, BLOB_UPLOAD_BUSY, BLOB_UPLOAD_OUT_OF_ORDER, SIZE_INVALID, BLOB_TOO_LARGE, STORAGE_FULL;
 * QUOTA_EXCEEDED and QUOTA_BUSY, and then the upload is dropped
 */
export async function appendToUpload(registry: Registry, call: Call & Chunk): Promise<Appended> {
  await requireRoom(registry, call.length ?? 0)
  const session = await beginSession(registry, { ...call, target: null })
  const { bytes, failure } = await appendChunk(registry, call, session).catch(async (error: unknown) => {
    if (isOverQuota(error)) await dropUpload(registry, call).catch(() => undefined)
    throw error
  })
  if (failure) throw failure
  return { offset: session.offset + bytes, received: bytes }
}

/** Whether it may have been recorded all the same. */
function isUncertain(error: unknown): boolean {
  return error instanceof RegistryError && error.code === 'OUTCOME_UNKNOWN'
}

async function appendChunk(registry: Registry, call: Call & Chunk, session: Session): Promise<Received> {
  const algorithm = sessionAlgorithm(session)
  const file = await registry.blobs
    .openUpload(session.id, session.offset, session)
    .catch(async (error: unknown) => {
      await abandonSession(registry, session, undefined)
      throw error
    })
  try {
    const resumed = resumeHash(registry, session, { algorithm, chunk: call })
    const hash = await holdLease(registry, session, resumed)
    const received = await receive(registry, call.body, { ...session, file, hash })
    const announced = call.range ? call.range.last - call.range.first + 1 : received.bytes
    if (!received.failure && announced !== received.bytes) throw lengthsDiffer(announced, received.bytes)
    await holdLease(registry, session, file.keep())
    const offset = session.offset + received.bytes
    await registry.metadata.change('appendUpload', {
      id: session.id,
      writer: session.writer,
      from: session.offset,
      to: offset,
      digestSoFar: hash?.digest() ?? null,
      hashState: hash?.state(offset) ?? null,
      ...file.durable,
    })
    // Only now: another process may have taken the upload over, and have brought other bytes as far as this.
    if (hash) registry.hashes.keep(session.id, { offset, hash })
    await file.close()
    return received
  } catch (error) {
    registry.hashes.forget(session.id)
    // The row may promise these bytes by now: they stay, and whoever goes on asks for the offset.
    if (isUncertain(error)) await file.close().catch(() => undefined)
    else await abandonSession(registry, session, file)
    throw error
  }
}
