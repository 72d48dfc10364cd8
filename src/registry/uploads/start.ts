import { type DigestAlgorithm, digestOf } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { Call, Registry } from '../registry.ts'

/** Opens an upload. @returns its id */
export async function startUpload(
  registry: Registry,
  { repository, algorithm }: Call & { algorithm: DigestAlgorithm },
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
  })
  return id
}

/** @throws STORAGE_FULL when `bytes` more would leave less free than the setting asks for */
export async function requireRoom(registry: Registry, bytes: number): Promise<void> {
  const free = await registry.blobs.freeSpace?.()
  if (free === undefined || free - bytes >= registry.rules.minFree) return
  throw new RegistryError(
    'STORAGE_FULL',
    'the storage is nearly full (setting storage.min-free): uploads are refused until the operator made room',
    { detail: { free, minFree: registry.rules.minFree } },
  )
}
