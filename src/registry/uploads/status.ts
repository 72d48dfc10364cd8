import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Call, Registry } from '../registry.ts'

/** Bytes of the upload that are durable. @throws BLOB_UPLOAD_UNKNOWN */
export async function uploadStatus(
  registry: Registry,
  { id, repository }: Call & { id: string },
): Promise<number> {
  const upload = await registry.metadata.findUpload({ id, repository })
  if (!upload) throw uploadUnknown(id)
  return upload.offset
}

/** Drops an upload and what it stored. @throws BLOB_UPLOAD_UNKNOWN */
export async function cancelUpload(registry: Registry, call: Call & { id: string }): Promise<void> {
  if (!(await dropUpload(registry, call))) throw uploadUnknown(call.id)
}

/** @returns false when there was no such upload */
export async function dropUpload(
  registry: Registry,
  { id, repository }: { id: string; repository: RepositoryName },
): Promise<boolean> {
  registry.hashes.forget(id)
  const keys = await registry.metadata.change('cancelUpload', { id, repository })
  if (!keys) return false
  // What fails here is on record as doomed, and is removed later.
  await registry.blobs.remove(keys, { unfinished: true }).catch(() => undefined)
  return true
}

function uploadUnknown(id: string): RegistryError {
  return new RegistryError(
    'BLOB_UPLOAD_UNKNOWN',
    'this upload is not open here: it was finished, cancelled or expired, or never was; start a new one',
    {
      detail: { upload: id },
    },
  )
}
