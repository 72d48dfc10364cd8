import type { ObjectKey } from '../../blobs/blob-store.ts'
import type { Target } from '../../metadata/changes/uploads.ts'
import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { quarantineLost } from '../blobs.ts'
import type { Call, Registry } from '../registry.ts'
import { receive } from './receive.ts'
import {
  abandonSession,
  beginSession,
  type Chunk,
  lengthsDiffer,
  resumeHash,
  type Session,
} from './session.ts'
import { requireRoom } from './start.ts'
import { dropUpload } from './status.ts'

type Closing = Call & Chunk & { readonly digest: Digest }

/**
 * Takes the last chunk, if there is one, and makes the whole the blob of this digest. When it resolves, the blob is
 * durable and linked to the repository. @returns the bytes that came with this request
 * @throws DIGEST_INVALID when the content is not what the digest says (the upload is dropped then), and what a
 * chunk throws
 */
export async function finishUpload(registry: Registry, call: Closing): Promise<number> {
  await requireRoom(registry, call.length ?? 0)
  const session = await beginSession(registry, { ...call, target: newTarget(registry, call.digest) })
  return closeWith(registry, call, session)
}

/** The whole blob in the request that opens the upload. @returns the bytes that came with it */
export async function uploadAtOnce(registry: Registry, call: Omit<Closing, 'id' | 'range'>): Promise<number> {
  await requireRoom(registry, call.length ?? 0)
  const id = registry.newId()
  const writer = registry.newId()
  const { key: targetKey } = newTarget(registry, call.digest)
  await registry.metadata.change('openUpload', {
    id,
    repository: call.repository,
    objectKey: registry.blobs.uploadKey(id),
    emptyDigest: digestOf(new Uint8Array(), algorithmOf(call.digest)),
    writer,
    targetKey,
  })
  try {
    const session = { id, writer, offset: 0, digestSoFar: undefined, targetKey }
    return await closeWith(registry, { ...call, id, range: undefined }, session)
  } catch (error) {
    // Its id was never told to anybody, so nobody can go on with it.
    await dropUpload(registry, { id, repository: call.repository }).catch(() => undefined)
    throw error
  }
}

function newTarget({ blobs, newId }: Registry, digest: Digest): Target {
  return { key: blobs.committedKey(newId(), digest), prefix: blobs.committedKey('', digest) }
}

async function closeWith(registry: Registry, call: Closing, session: Session): Promise<number> {
  const objectKey = session.targetKey
  if (!objectKey) throw new Error(`upload ${session.id} is closed without a target`)
  const { received, digest } =
    session.offset === 0
      ? await takeWhole(registry, call, { session, objectKey })
      : await takeRest(registry, call, session)
  if (digest !== call.digest) {
    await dropUpload(registry, { id: session.id, repository: call.repository })
    throw new RegistryError(
      'DIGEST_INVALID',
      `what was uploaded has the digest ${digest}: the upload was dropped`,
      {
        detail: { asked: call.digest, received: digest },
      },
    )
  }
  if (session.offset > 0) await registry.blobs.commit(session.id, objectKey)
  await quarantineLost(registry, digest)
  await registry.metadata.change('commitUpload', {
    id: session.id,
    writer: session.writer,
    repository: call.repository,
    digest: call.digest,
    objectKey,
    size: session.offset + received,
    grace: registry.rules.grace,
  })
  return received
}

interface Taken {
  readonly received: number
  /** Of the whole. */
  readonly digest: Digest
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
    const hasher = new Bun.CryptoHasher(algorithmOf(call.digest))
    const received = await receiveAll(registry, call, { ...session, file, hasher })
    const digest = `${algorithmOf(call.digest)}:${hasher.digest('hex')}` as Digest
    if (digest === call.digest) await file.keep()
    // The bytes are durable, or not wanted: nobody need wait for the descriptor.
    file.close().catch(() => undefined)
    return { received, digest }
  } catch (error) {
    await abandonSession(registry, session, file)
    await registry.blobs.remove([objectKey]).catch(() => undefined)
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
  const file = await registry.blobs.openUpload(session.id, session.offset).catch(async (error: unknown) => {
    await abandonSession(registry, session, undefined)
    throw error
  })
  try {
    const hasher = await resumeHash(registry, session, algorithm)
    const received = await receiveAll(registry, call, { ...session, file, hasher })
    await file.sync()
    file.close().catch(() => undefined)
    return { received, digest: `${algorithm}:${hasher.digest('hex')}` as Digest }
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
