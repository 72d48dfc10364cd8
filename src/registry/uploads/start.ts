import type { Opener } from '../../metadata/changes/upload-openers.ts'
import { type DigestAlgorithm, digestOf } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { limitReached } from '../../oci/limit-reached.ts'
import type { Call, Registry } from '../registry.ts'

/** Opens an upload. @returns its id. @throws TOO_MANY_UPLOADS, STORAGE_FULL */
export async function startUpload(
  registry: Registry,
  { repository, algorithm, opener }: Call & Opens & { algorithm: DigestAlgorithm },
): Promise<string> {
  await requireRoom(registry, 0)
  const id = registry.newId()
  await registry.metadata.change('openUpload', {
    id,
    repository,
    objectKey: registry.blobs.uploadKey(id),
    emptyDigest: digestOf(new Uint8Array(), algorithm),
    writer: null,
    targetKey: null,
    opener: openerIn(registry, opener),
  })
  return id
}

export interface Opens {
  /** Whose uploads it counts among: an account, or an address. Not given: nobody's. */
  readonly opener?: string
}

export function openerIn({ limits }: Registry, name: string | undefined): Opener | undefined {
  if (!limits || name === undefined) return undefined
  return { name, most: limits.openUploads }
}

/** @throws BLOB_TOO_LARGE, STORAGE_FULL when `bytes` more would leave less free than the setting asks for */
export async function requireRoom(registry: Registry, bytes: number): Promise<void> {
  requireSmall(registry, bytes)
  const free = await registry.blobs.freeSpace?.()
  if (free === undefined || free - bytes >= registry.rules.minFree) return
  throw new RegistryError(
    'STORAGE_FULL',
    'the storage is nearly full (setting storage.min-free): uploads are refused until the operator made room',
    { detail: { free, minFree: registry.rules.minFree } },
  )
}

/** @throws BLOB_TOO_LARGE */
export function requireSmall({ limits }: Registry, bytes: number): void {
  if (!limits || bytes <= limits.blobSize) return
  throw limitReached('BLOB_TOO_LARGE', `a blob has at most ${limits.blobSize} bytes here`, {
    setting: 'limits.blob-size',
    limit: limits.blobSize,
  })
}
