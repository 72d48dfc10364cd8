import type { DurableUpload, ObjectKey } from '../../blobs/blob-store.ts'
import type { Target } from '../../metadata/changes/upload-target.ts'
import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { quarantineLost } from '../blobs.ts'
import type { Call, Registry } from '../registry.ts'
import { isOverQuota, onceThereIsRoom } from '../wait-for-room.ts'
import { FastHash } from './content-hash.ts'
import { holdLease } from './lease.ts'
import { receive } from './receive.ts'
import { resumeHash } from './resume-hash.ts'
import { quotaOf, RoomKeeper } from './room.ts'
import { abandonSession, beginSession, type Chunk, lengthsDiffer, type Session } from './session.ts'
import { type Opens, openerIn, requireRoom } from './start.ts'
import { dropUpload } from './status.ts'

type Closing = Call & Chunk & { readonly digest: Digest }

/**
 * Takes the last chunk, if there is one, and makes the whole the blob of this digest. When it resolves, the blob is
 * durable and linked to the repository. @returns the bytes that came with this request
 * @throws DIGEST_INVALID when the content is not what the digest says (the upload is dropped then), and what a
 * chunk throws, a quota’s refusal among that
 */
export async function finishUpload(registry: Registry, call: Closing): Promise<number> {
  await requireRoom(registry, call.length ?? 0)
  const session = await beginSession(registry, { ...call, target: newTarget(registry, call) })
  return closeWith(registry, call, session).catch(async (error: unknown) => {
    if (isOverQuota(error)) await dropUpload(registry, call).catch(() => undefined)
    throw error
  })
}

/** The whole blob in the request that opens the upload. @returns the bytes that came with it */
export async function uploadAtOnce(
  registry: Registry,
  call: Omit<Closing, 'id' | 'range'> & Opens,
): Promise<number> {
  await requireRoom(registry, call.length ?? 0)
  const id = registry.newId()
  const writer = registry.newId()
  const targetKey = registry.blobs.committedKey(registry.newId(), call.digest)
  const { repository, digest } = call
  const opening = {
    id,
    repository,
    objectKey: registry.blobs.uploadKey(id),
    emptyDigest: digestOf(new Uint8Array(), algorithmOf(digest)),
    writer,
    targetKey,
    opener: openerIn(registry, call.opener),
    reserve: { bytes: call.length ?? null, digest },
    ...quotaOf(registry.rules),
  }
  const room = await onceThereIsRoom(() => registry.metadata.change('openUpload', opening))
  try {
    const session = {
      id,
      writer,
      offset: 0,
      digestSoFar: undefined,
      hashState: null,
      notes: null,
      shared: registry.replicated ?? false,
      contested: false,
      targetKey,
      room:
        room === 'reserve'
          ? new RoomKeeper(registry, { id, repository, digest, writer, offset: 0 })
          : undefined,
    }
    return await closeWith(registry, { ...call, id, range: undefined }, session)
  } catch (error) {
    // Its id was never told to anybody, so nobody can go on with it.
    await dropUpload(registry, { id, repository: call.repository }).catch(() => undefined)
    throw error
  }
}

function newTarget({ blobs, newId }: Registry, { id, digest }: { id: string; digest: Digest }): Target {
  const key = blobs.committedKey(newId(), digest)
  const resumed = blobs.finalKey?.(id)
  return resumed === undefined
    ? { key, prefix: blobs.committedKey('', digest) }
    : { key, prefix: resumed, resumed }
}

async function closeWith(registry: Registry, call: Closing, session: Session): Promise<number> {
  const targetKey = session.targetKey
  if (!targetKey) throw new Error(`upload ${session.id} is closed without a target`)
  const taken =
    session.offset === 0
      ? await takeWhole(registry, call, { session, objectKey: targetKey })
      : await takeRest(registry, call, session)
  const { received, digest } = taken
  if (digest !== undefined) await requireDigest(registry, call, { id: session.id, digest })
  const { objectKey, superseded } =
    session.offset === 0
      ? { objectKey: targetKey, superseded: [] }
      : await holdLease(registry, session, commitObject(registry, call, { session, taken, targetKey })).catch(
          async (error: unknown) => {
            await abandonSession(registry, session, undefined)
            throw error
          },
        )
  await quarantineLost(registry, call.digest)
  const commit = {
    id: session.id,
    writer: session.writer,
    repository: call.repository,
    digest: call.digest,
    objectKey,
    size: session.offset + received,
    superseded,
    grace: registry.rules.grace,
    ...quotaOf(registry.rules),
  }
  const committed = onceThereIsRoom(() => registry.metadata.change('commitUpload', commit))
  await holdLease(registry, session, committed)
  return received
}

/** @throws DIGEST_INVALID; the upload is dropped then */
async function requireDigest(
  registry: Registry,
  call: Closing,
  { id, digest }: { id: string; digest: Digest },
): Promise<void> {
  if (digest === call.digest) return
  await dropUpload(registry, { id, repository: call.repository })
  throw new RegistryError(
    'DIGEST_INVALID',
    `what was uploaded has the digest ${digest}: the upload was dropped`,
    { detail: { asked: call.digest, received: digest } },
  )
}

interface Placed {
  readonly objectKey: ObjectKey
  readonly superseded: readonly ObjectKey[]
}

/** Makes the upload's bytes an object, and reads that once where nobody knows yet what it holds. */
async function commitObject(
  registry: Registry,
  call: Closing,
  { session, taken, targetKey }: { session: Session; taken: Taken; targetKey: ObjectKey },
): Promise<Placed> {
  const { blobs } = registry
  const { notes, superseded } = taken.durable ?? { notes: session.notes, superseded: [] }
  const committed = await blobs.commit(session.id, targetKey, notes, session)
  if (taken.digest === undefined || !committed.sure) {
    const hash = new FastHash(algorithmOf(call.digest))
    for await (const piece of blobs.readObject(committed.key, readSize)) hash.update(piece)
    await requireDigest(registry, call, { id: session.id, digest: hash.digest() })
  }
  return { objectKey: committed.key, superseded: [...superseded, ...committed.superseded] }
}

/** Bytes at a time where an object is read to hash it. */
const readSize = 256 * 1024

interface Taken {
  readonly received: number
  /** Of the whole; undefined: its bytes were never hashed together. */
  readonly digest: Digest | undefined
  /** What the storage noted about bytes that came with this request. */
  readonly durable?: DurableUpload | undefined
}

/** All bytes come with this request: they go where they will stay, which saves a rename and its sync. */
async function takeWhole(
  registry: Registry,
  call: Closing,
  { session, objectKey }: { session: Session; objectKey: ObjectKey },
): Promise<Taken> {
  const file = await registry.blobs.create(objectKey).catch(async (error: unknown) => {
    await abandonSession(registry, session, undefined)
    throw error
  })
  try {
    const hash = new FastHash(algorithmOf(call.digest))
    const received = await receiveAll(registry, call, { ...session, file, hash })
    const digest = hash.digest()
    if (digest === call.digest) await holdLease(registry, session, file.keep())
    // The bytes are durable, or not wanted: nobody need wait for the descriptor.
    file.close().catch(() => undefined)
    return { received, digest }
  } catch (error) {
    await abandonSession(registry, session, file)
    await registry.blobs.remove([objectKey], { unfinished: true }).catch(() => undefined)
    throw error
  }
}

/** Brings the rest of the bytes behind those that are there. */
async function takeRest(registry: Registry, call: Closing, session: Session): Promise<Taken> {
  const algorithm = algorithmOf(call.digest)
  const known = session.digestSoFar
  if (call.length === 0 && known && algorithmOf(known) === algorithm) {
    registry.hashes.forget(session.id)
    return { received: 0, digest: known }
  }
  const file = await registry.blobs
    .openUpload(session.id, session.offset, session)
    .catch(async (error: unknown) => {
      await abandonSession(registry, session, undefined)
      throw error
    })
  try {
    const resumed = resumeHash(registry, session, { algorithm, chunk: call })
    const hash = await holdLease(registry, session, resumed)
    const received = await receiveAll(registry, call, { ...session, file, hash })
    await holdLease(registry, session, file.sync())
    file.close().catch(() => undefined)
    return { received, digest: hash?.digest(), durable: file.durable }
  } catch (error) {
    await abandonSession(registry, session, file)
    throw error
  }
}

/** @returns the bytes that came. @throws what ended the body early, SIZE_INVALID */
async function receiveAll(
  registry: Registry,
  call: Closing,
  sink: Parameters<typeof receive>[2],
): Promise<number> {
  const { bytes, failure } = await receive(registry, call.body, sink)
  if (failure) throw failure
  const announced = call.range ? call.range.last - call.range.first + 1 : bytes
  if (announced !== bytes) throw lengthsDiffer(announced, bytes)
  return bytes
}
