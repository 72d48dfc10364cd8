import type { Digest } from '../../oci/digest.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import type { UploadCommit } from './commit-upload.ts'
import { confirmBlob } from './links.ts'
import type { Settled } from './settled.ts'
import type { Progress } from './uploads.ts'

/**
 * After a lost COMMIT: the row tells whether it was recorded. Waits for a transaction that is still at it.
 * @returns unknown where another writer has gone on since
 */
export async function progressIsRecorded(tx: Transaction, progress: Progress): Promise<Settled<void>> {
  const upload = await tx.first(lockUploadById, progress)
  if (!upload) return { state: 'unknown' }
  if (upload.writer === progress.writer) return { state: 'repeat' }
  const recorded =
    upload.writer === null &&
    upload.durable_offset === progress.to &&
    upload.digest_so_far === progress.digestSoFar
  return recorded ? { state: 'done', result: undefined } : { state: 'unknown' }
}

/**
 * After a lost COMMIT: it closed the upload and linked the blob, or neither. Waits for a transaction that is still at
 * it. Where the link is there, it is confirmed, so that it is there for as long as the client relies on it.
 */
export async function commitIsDone(tx: Transaction, commit: UploadCommit): Promise<Settled<void>> {
  const upload = await tx.first(lockUploadById, commit)
  if (upload) return { state: upload.writer === commit.writer ? 'repeat' : 'unknown' }
  const { repository, digest, grace } = commit
  return (await tx.first(soundBlob, { digest })) && (await confirmBlob(tx, { repository, digest, grace }))
    ? { state: 'done', result: undefined }
    : { state: 'unknown' }
}

const lockUploadById = statement<{ id: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('uploads')
    .select(['writer', 'durable_offset', 'digest_so_far'])
    .where('id', '=', arg('id'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const soundBlob = statement<{ digest: Digest }>()(({ db, arg }) =>
  db.selectFrom('blobs').select('digest').where('digest', '=', arg('digest')).where('damaged_at', 'is', null),
)
