import type { BlobBody } from '../blobs/blob-store.ts'
import type { StoredBlob } from '../metadata/metadata-store.ts'
import { type ByteRange, parseRange } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { needsConfirming, unlessUnwritable } from './confirm.ts'
import type { Call, Registry } from './registry.ts'
import { quotaOf } from './uploads/room.ts'
import { onceThereIsRoom } from './wait-for-room.ts'

export type OpenedBlob =
  | { readonly blob: StoredBlob; readonly range: ByteRange | undefined; readonly body: BlobBody }
  /** The client is to read it from the storage itself, at an address that is nobody else's business. */
  | { readonly blob: StoredBlob; readonly address: string }

/**
 * Opens a blob of the repository, or the part that a Range header asks for.
 * @throws BLOB_UNKNOWN, RANGE_NOT_SATISFIABLE
 */
export async function openBlob(
  registry: Registry,
  call: Call & { digest: Digest; range: string | null; client(): string },
): Promise<OpenedBlob> {
  const blob = await findBlob(registry, call, unlessUnwritable)
  const { objectKey, size } = blob
  if (registry.blobs.presignRead) {
    const address = await registry.blobs.presignRead(objectKey, call.client())
    // At the storage, what is gone would be its own words.
    if (address !== undefined && (await isWhole(registry, blob))) return { blob, address }
  }
  const range = call.range ? parseRange(call.range, size) : undefined
  if (range === 'unsatisfiable') {
    throw new RegistryError(
      'RANGE_NOT_SATISFIABLE',
      `the blob has ${size} bytes: the range asks for none of them`,
      {
        detail: { size },
      },
    )
  }
  const body = await registry.blobs.read(objectKey, range ? { size, range } : { size })
  if (!body) throw blobUnknown(call.digest)
  return { blob, range, body }
}

/** A blob that is there. @throws BLOB_UNKNOWN; BLOB_DAMAGED, also where the storage has lost it unnoticed so far */
export async function statBlob(registry: Registry, call: Call & { digest: Digest }): Promise<StoredBlob> {
  // Who asks for no more than this is about to push, and relies on the answer.
  const blob = await findBlob(registry, call, (confirmation) => confirmation)
  if (!(await isWhole(registry, blob))) throw blobDamaged(call.digest)
  return blob
}

async function findBlob(
  registry: Registry,
  call: Call & { digest: Digest },
  outcomeOf: (confirmation: Promise<boolean>) => Promise<boolean>,
): Promise<StoredBlob> {
  const { repository, digest } = call
  const blob = await registry.metadata.findBlob({ repository, digest })
  if (!blob) throw blobUnknown(digest)
  if (blob.damaged) throw blobDamaged(digest)
  if (await needsConfirming(registry, call, blob.confirmedAt)) {
    const { grace } = registry.rules
    const confirmation = registry.metadata.change('confirmBlob', { repository, digest, grace })
    if (!(await outcomeOf(confirmation))) throw blobUnknown(digest)
  }
  return blob
}

/** @throws BLOB_UNKNOWN, BLOB_IN_USE, DELETE_DISABLED */
export async function deleteBlob(
  registry: Registry,
  { repository, digest }: Call & { digest: Digest },
): Promise<void> {
  requireDeletion(registry)
  if (!(await registry.metadata.change('unlinkBlob', { repository, digest }))) throw blobUnknown(digest)
}

/** How many repositories are tried where a mount does not say from where. */
const holdersTried = 100

export interface MountRequest {
  readonly repository: RepositoryName
  readonly digest: Digest
  /** Undefined: from any repository that the caller may read. */
  readonly from: RepositoryName | undefined
  mayRead(repository: RepositoryName): boolean | Promise<boolean>
}

/**
 * Links a blob of another repository into this one. @returns false where an ordinary upload is needed
 * @throws QUOTA_EXCEEDED, QUOTA_BUSY
 */
export async function mountBlob(registry: Registry, request: MountRequest): Promise<boolean> {
  const { repository, digest } = request
  const holders = request.from
    ? [request.from]
    : await registry.metadata.listHolders({ digest, limit: holdersTried })
  const { grace } = registry.rules
  for (const from of holders) {
    if (!(await request.mayRead(from))) continue
    const blob = await registry.metadata.findBlob({ repository: from, digest })
    // Of lost bytes there is nothing to mount: the upload that the caller makes instead heals them.
    if (!blob || !(await isWhole(registry, blob))) continue
    const mount = { repository, digest, from, grace, ...quotaOf(registry.rules) }
    if (await onceThereIsRoom(() => registry.metadata.change('mountBlob', mount))) return true
  }
  return false
}

/**
 * Puts the digest into quarantine where the storage has lost its bytes and nobody noticed so far. A push that brings
 * them again would find its blob on record otherwise, and throw its own bytes away.
 */
export async function quarantineLost(registry: Registry, digest: Digest): Promise<void> {
  const stored = await registry.metadata.findStored({ digest })
  if (!stored || stored.damaged || (await isWhole(registry, stored))) return
  await registry.metadata.change('quarantineBlob', { digest, objectKey: stored.objectKey })
}

/** As far as can be told without reading it. */
async function isWhole(
  { blobs }: Registry,
  { damaged, objectKey, size }: Pick<StoredBlob, 'damaged' | 'objectKey' | 'size'>,
): Promise<boolean> {
  return !damaged && (await blobs.size(objectKey)) === size
}

/** @throws DELETE_DISABLED */
export function requireDeletion(registry: Pick<Registry, 'rules'>): void {
  if (registry.rules.deleteEnabled) return
  throw new RegistryError(
    'DELETE_DISABLED',
    'deletion is switched off in this registry (setting delete.enabled)',
  )
}

function blobDamaged(digest: Digest): RegistryError {
  return new RegistryError(
    'BLOB_DAMAGED',
    `the stored bytes of the blob ${digest} are damaged or lost: pushing it again heals it`,
    { detail: { digest, damaged: true } },
  )
}

function blobUnknown(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', 'the repository holds no such blob', { detail: { digest } })
}
