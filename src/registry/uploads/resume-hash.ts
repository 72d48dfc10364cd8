import type { DigestAlgorithm } from '../../oci/digest.ts'
import type { Registry } from '../registry.ts'
import { type ContentHash, FastHash, movingHash, resumeMovingHash } from './content-hash.ts'
import type { Chunk, Session } from './session.ts'

/**
 * A hash that has seen the session's first `offset` bytes. Undefined where it can't be had before the upload is an
 * object: then that is read once, when it is.
 */
export async function resumeHash(
  registry: Registry,
  session: Session,
  { algorithm, chunk }: { algorithm: DigestAlgorithm; chunk: Pick<Chunk, 'range'> },
): Promise<ContentHash | undefined> {
  const { id, offset, hashState } = session
  const kept = registry.hashes.take(id, offset, algorithm)
  if (kept) return kept
  if (offset === 0) return newHash(registry, algorithm, chunk)
  const moved = hashState && (await resumeMovingHash(hashState, offset, algorithm))
  if (moved) return moved
  // An upload that hops would be read again at each hop.
  if (!registry.blobs.readUpload || registry.hashes.shared) return undefined
  const hash = new FastHash(algorithm)
  for await (const bytes of registry.blobs.readUpload(id, offset)) hash.update(bytes)
  return hash
}

/**
 * Who names the range of his chunk sends many, and where several processes share the storage the next one may come to
 * another. Who just streams, as Docker does, sends all in one.
 */
function newHash(
  { hashes }: Registry,
  algorithm: DigestAlgorithm,
  { range }: Pick<Chunk, 'range'>,
): ContentHash | Promise<ContentHash> {
  return hashes.shared && range ? movingHash(algorithm) : new FastHash(algorithm)
}
