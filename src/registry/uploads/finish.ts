import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
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

/**
 * Takes the last chunk, if there is one, and makes the whole the blob of this digest. When it resolves, the blob is
 * durable and linked to the repository. @returns the bytes that came with this request
 * @throws DIGEST_INVALID when the content is not what the digest says (the upload is dropped then), and what a
 * chunk throws
 */
export async function finishUpload(
  registry: Registry,
  call: Call & Chunk & { digest: Digest },
): Promise<number> {
  await requireRoom(registry, call.length ?? 0)
  const targetKey = registry.blobs.committedKey(call.id, call.digest)
  const session = await beginSession(registry, { ...call, targetKey })
  return closeWith(registry, call, session)
}

/** The whole blob in the request that opens the upload. @returns the bytes that came with it */
export async function uploadAtOnce(
  registry: Registry,
  call: Call & Omit<Chunk, 'id' | 'range'> & { digest: Digest },
): Promise<number> {
  await requireRoom(registry, call.length ?? 0)
  const id = registry.newId()
  const session: Session = { id, writer: registry.newId(), offset: 0, digestSoFar: undefined }
  await registry.metadata.change('openUpload', {
    id,
    repository: call.repository,
    objectKey: registry.blobs.uploadKey(id),
    emptyDigest: digestOf(new Uint8Array(), algorithmOf(call.digest)),
    writer: session.writer,
    targetKey: registry.blobs.committedKey(id, call.digest),
  })
  try {
    return await closeWith(registry, { ...call, id, range: undefined }, session)
  } catch (error) {
    // Its id was never told to anybody, so nobody can go on with it.
    await dropUpload(registry, { id, repository: call.repository }).catch(() => undefined)
    throw error
  }
}

async function closeWith(
  registry: Registry,
  call: Call & Chunk & { digest: Digest },
  session: Session,
): Promise<number> {
  const { received, digest } = await takeRest(registry, call, session)
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
  await registry.blobs.commit(session.id, call.digest)
  await registry.metadata.change('commitUpload', {
    id: session.id,
    writer: session.writer,
    repository: call.repository,
    digest: call.digest,
    objectKey: registry.blobs.committedKey(session.id, call.digest),
    size: session.offset + received,
    grace: registry.rules.grace,
  })
  return received
}

/** Brings the rest of the bytes to the disk and tells the digest of the whole. */
async function takeRest(
  registry: Registry,
  call: Call & Chunk & { digest: Digest },
  session: Session,
): Promise<{ received: number; digest: Digest }> {
  const algorithm = algorithmOf(call.digest)
  const known = session.digestSoFar
  if (call.length === 0 && session.offset > 0 && known && algorithmOf(known) === algorithm) {
    registry.hashes.forget(session.id)
    return { received: 0, digest: known }
  }
  const file = await registry.blobs.openUpload(session.id, session.offset).catch(async (error: unknown) => {
    await abandonSession(registry, session, undefined)
    throw error
  })
  try {
    const hasher = await resumeHash(registry, session, algorithm)
    const { bytes, failure } = await receive(registry, call.body, { ...session, file, hasher })
    if (failure) throw failure
    const announced = call.range ? call.range.last - call.range.first + 1 : bytes
    if (announced !== bytes) throw lengthsDiffer(announced, bytes)
    await file.sync()
    await file.close()
    return { received: bytes, digest: `${algorithm}:${hasher.digest('hex')}` as Digest }
  } catch (error) {
    await abandonSession(registry, session, file)
    throw error
  }
}
