import type { ObjectKey, UploadWriter } from '../../blobs/blob-store.ts'
import type { Target } from '../../metadata/changes/upload-target.ts'
import { algorithmOf, type Digest, type DigestAlgorithm } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { Call, Registry } from '../registry.ts'
import { isOverQuota, onceThereIsRoom } from '../wait-for-room.ts'
import { quotaOf, RoomKeeper } from './room.ts'
import { dropUpload } from './status.ts'

/** A chunk of an upload, or what closes one. */
export interface Chunk {
  readonly id: string
  readonly body: AsyncIterable<Uint8Array> | null
  /** Bytes that Content-Length announces; undefined when the body is streamed. */
  readonly length: number | undefined
  /** Where Content-Range says that the chunk lies; both ends belong to it. */
  readonly range: { readonly first: number; readonly last: number } | undefined
}

/** The right to write to one upload, and what it is at. */
export interface Session {
  readonly id: string
  readonly writer: string
  /** Bytes that were durable when the session began. */
  readonly offset: number
  readonly digestSoFar: Digest | undefined
  /** Its hash as another process left it. */
  readonly hashState: Uint8Array | null
  /** What the storage noted. */
  readonly notes: string | null
  /** Whether servers that this one knows nothing of may write to the same storage. */
  readonly shared: boolean
  /** Whether a writer in another process that fell silent was overtaken, and may come back. */
  readonly contested: boolean
  /** Where a closing request puts the object; undefined for any other. */
  readonly targetKey: ObjectKey | undefined
  /** Set where what comes must be reserved in the namespace’s quota as it arrives. */
  readonly room: RoomKeeper | undefined
}

/**
 * Takes the right to write, and room for what was announced. An upload that a quota has no room for is dropped.
 * @throws BLOB_UPLOAD_UNKNOWN, BLOB_UPLOAD_BUSY, BLOB_UPLOAD_OUT_OF_ORDER, SIZE_INVALID, QUOTA_EXCEEDED, QUOTA_BUSY
 */
export async function beginSession(
  registry: Registry,
  call: Call & Chunk & { target: Target | null; digest?: Digest },
): Promise<Session> {
  if (call.range && call.length !== undefined && call.range.last - call.range.first + 1 !== call.length) {
    throw lengthsDiffer(call.range.last - call.range.first + 1, call.length)
  }
  const writer = registry.newId()
  const { id, repository, digest = null } = call
  const reserve = { bytes: lengthOf(call), digest }
  const row = await onceThereIsRoom(() =>
    registry.metadata.change('leaseUpload', {
      id,
      repository,
      writer,
      target: call.target,
      reserve,
      ...quotaOf(registry.rules),
    }),
  ).catch(async (error: unknown) => {
    if (isOverQuota(error)) await dropUpload(registry, call).catch(() => undefined)
    throw error
  })
  const session = {
    id: call.id,
    writer,
    offset: row.durable_offset,
    digestSoFar: row.digest_so_far ?? undefined,
    hashState: row.hash_state,
    notes: row.notes,
    shared: registry.replicated ?? false,
    contested: registry.replicated === true && row.contested !== null,
    targetKey: call.target ? (row.target_key ?? undefined) : undefined,
    room:
      row.room === 'reserve'
        ? new RoomKeeper(registry, { id, repository, digest, writer, offset: row.durable_offset })
        : undefined,
  }
  if (call.range && call.range.first !== session.offset) {
    await endSession(registry, session)
    throw new RegistryError(
      'BLOB_UPLOAD_OUT_OF_ORDER',
      `the upload has ${session.offset} bytes so far: the next chunk must start there, this one starts at ${call.range.first}`,
      { detail: { offset: session.offset } },
    )
  }
  return session
}

/** Bytes that come with the request; null: nobody knows. */
export function lengthOf({ length, range }: Pick<Chunk, 'length' | 'range'>): number | null {
  return length ?? (range ? range.last - range.first + 1 : null)
}

/** Gives the right to write back, with nothing written. */
export async function endSession(registry: Registry, session: Session): Promise<void> {
  await registry.metadata.change('appendUpload', {
    id: session.id,
    writer: session.writer,
    from: session.offset,
    to: session.offset,
    digestSoFar: session.digestSoFar ?? null,
    hashState: session.hashState,
    notes: session.notes,
  })
}

/** Undoes what a session wrote; whatever fails here, the upload's row still says what is durable. */
export async function abandonSession(
  registry: Registry,
  session: Session,
  file: UploadWriter | undefined,
): Promise<void> {
  await file?.discard().catch(() => undefined)
  await file?.close().catch(() => undefined)
  await endSession(registry, session).catch(() => undefined)
}

export function sessionAlgorithm(session: Session): DigestAlgorithm {
  return session.digestSoFar ? algorithmOf(session.digestSoFar) : 'sha256'
}

export function lengthsDiffer(announced: number, received: number): RegistryError {
  return new RegistryError('SIZE_INVALID', `${announced} bytes were announced and ${received} arrived`, {
    detail: { announced, received },
  })
}
