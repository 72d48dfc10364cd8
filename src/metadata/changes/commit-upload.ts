import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { statement } from '../statement.ts'
import { linkBlob, lockLinkBeforeBlob } from './links.ts'
import { doomObject } from './objects.ts'
import { storeBlob } from './store-blob.ts'
import { type LeaseHolder, uploadUnknown } from './uploads.ts'
import type { Counted } from './usage/ledger.ts'
import type { DefaultLimits } from './usage/limits.ts'

export interface UploadCommit extends LeaseHolder {
  repository: RepositoryName
  digest: Digest
  objectKey: string
  size: number
  /** Objects that only the upload knew. */
  superseded?: readonly string[]
  /** Milliseconds that the link lives without a manifest that refers to it. */
  grace: number
  quota?: DefaultLimits
}

/**
 * Makes the object the blob's, unless the digest is stored already and sound: then that one stays and the new one is
 * doomed. @throws BLOB_UPLOAD_UNKNOWN when the lease was lost; QUOTA_EXCEEDED, QUOTA_BUSY
 */
export async function commitUpload(tx: Counted, commit: UploadCommit): Promise<void> {
  const upload = await tx.first(closeUpload, commit)
  if (!upload) throw uploadUnknown(commit.id)
  tx.ledger.reserve(commit.repository, -upload.reserved)
  for (const objectKey of commit.superseded ?? []) await doomObject(tx, { objectKey, neverRead: true })
  await lockLinkBeforeBlob(tx, commit)
  await storeBlob(tx, commit)
  await linkBlob(tx, commit)
}

const closeUpload = statement<LeaseHolder & { repository: RepositoryName }>()(({ db, arg }) =>
  db
    .deleteFrom('uploads')
    .where('id', '=', arg('id'))
    .where('repository', '=', arg('repository'))
    .where('writer', '=', arg('writer'))
    .returning('reserved'),
)
