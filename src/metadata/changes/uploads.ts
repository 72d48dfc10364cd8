import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import type { UploadRow } from '../schema.ts'
import { perLength, places, statement } from '../statement.ts'
import { doomObject } from './objects.ts'
import { type Opener, requireFewUploads } from './upload-openers.ts'
import { type Target, targetOf } from './upload-target.ts'
import type { Counted } from './usage/ledger.ts'
import type { DefaultLimits } from './usage/limits.ts'
import { ownLimit, type Reserving, type Room, reserveNoMore, reserveWhole } from './usage/reservations.ts'

/** A writer whose bytes stopped for this long has lost its right to write. Milliseconds. */
export const leaseTime = 15_000

export interface NewUpload {
  id: string
  repository: RepositoryName
  objectKey: string
  /** Digest of nothing, in the algorithm that the upload starts with. */
  emptyDigest: Digest
  /** Set when the same request goes on to write. */
  writer: string | null
  targetKey: string | null
  /** Whose it is; not given: it counts for nobody. */
  opener?: Opener | undefined
  /** What it wants of the quota, where the same request goes on to write. */
  reserve?: Reserving
  quota?: DefaultLimits
}

/**
 * The row commits before its object exists: what a crash leaves behind is found in the table. Opened again under the
 * same id, which nobody else can have, it stays as it is. An opener's others are counted without a lock: those that are
 * opened at the same moment on PostgreSQL may not see each other.
 * @throws TOO_MANY_UPLOADS, QUOTA_EXCEEDED, QUOTA_BUSY
 */
export async function openUpload(tx: Counted, upload: NewUpload): Promise<Room> {
  const { id, repository, opener, writer, reserve, quota } = upload
  const openedBy = opener?.name ?? null
  const made = await tx.first(insertUpload, {
    ...upload,
    openedBy,
    leaseTime: writer === null ? 0 : leaseTime,
  })
  if (opener) await requireFewUploads(tx, opener)
  if (!made || !reserve) return 'unlimited'
  return reserveWhole(tx, { id, repository, reserved: 0, limit: made.limit }, { ...reserve, quota })
}

export interface Lease {
  id: string
  repository: RepositoryName
  writer: string
  /** Where the closing request will put the object; null when this request does not close the upload. */
  target: Target | null
  /** What it wants of the quota: `bytes` are those that come with this request. */
  reserve?: Reserving
  quota?: DefaultLimits
}

export interface LeasedUpload extends UploadRow {
  readonly room: Room
}

/**
 * Takes the right to write. A target of the same digest that an earlier request put on record stays: its object may lie
 * there already. One of another digest is doomed.
 * @throws BLOB_UPLOAD_UNKNOWN, or BLOB_UPLOAD_BUSY with the durable offset while another writer holds it,
 * QUOTA_EXCEEDED, QUOTA_BUSY
 */
export async function leaseUpload(tx: Counted, lease: Lease): Promise<LeasedUpload> {
  const before = await tx.first(lockUpload, lease)
  if (!before) throw uploadUnknown(lease.id)
  const targetKey = targetOf(before, lease.target)
  const overtakes = before.writer !== null && before.writer !== lease.writer
  const contested = overtakes ? 1 : before.contested
  if ((await tx.run(takeLease, { ...lease, targetKey, contested, leaseTime })) === 0) {
    throw new RegistryError(
      'BLOB_UPLOAD_BUSY',
      'another request is writing to this upload; ask for its status and go on from there',
      { detail: { offset: before.durable_offset } },
    )
  }
  if (before.target_key && before.target_key !== targetKey) {
    await doomObject(tx, { objectKey: before.target_key, neverRead: true })
  }
  const { reserve, quota } = lease
  const room = reserve ? await reserveWhole(tx, before, { ...wholeOf(before, reserve), quota }) : 'unlimited'
  return { ...before, writer: lease.writer, target_key: targetKey, contested, room }
}

function wholeOf(upload: UploadRow, reserve: Reserving): Reserving {
  return reserve.bytes === null ? reserve : { ...reserve, bytes: upload.durable_offset + reserve.bytes }
}

export interface LeaseHolder {
  id: string
  writer: string
}

/** @returns false when the lease is not this writer's any more */
export async function renewUpload(tx: Transaction, holder: LeaseHolder): Promise<boolean> {
  return (await tx.run(renewLease, { ...holder, leaseTime })) > 0
}

export interface Progress extends LeaseHolder {
  /** Where this writer started, and how far the bytes are durable now. */
  from: number
  to: number
  digestSoFar: Digest | null
  /** What the storage says that it needs to go on from here. */
  notes?: string | null
  hashState?: Uint8Array | null
  /** Objects that only the notes before knew. */
  superseded?: readonly string[]
}

/** Records what is durable and gives the lease back. @throws BLOB_UPLOAD_UNKNOWN when the lease was lost */
export async function appendUpload(tx: Counted, progress: Progress): Promise<void> {
  const { notes = null, hashState = null, superseded = [] } = progress
  const upload = await tx.first(recordProgress, { ...progress, notes, hashState })
  if (!upload) throw uploadUnknown(progress.id)
  await reserveNoMore(tx, { ...upload, id: progress.id }, progress.to)
  for (const objectKey of superseded) await doomObject(tx, { objectKey, neverRead: true })
}

export interface UploadAddress {
  id: string
  repository: RepositoryName
}

/** Drops an upload and dooms what it stored. @returns the keys of that; undefined when there was no such upload */
export async function cancelUpload(tx: Counted, address: UploadAddress): Promise<string[] | undefined> {
  const upload = await tx.first(lockUpload, address)
  if (!upload) return undefined
  await discard(tx, [upload])
  return keysOf(upload)
}

/** Drops uploads without activity for `age` milliseconds and without a live writer, at most `limit` of them. */
export async function expireUploads(tx: Counted, args: { age: number; limit: number }): Promise<number> {
  const stale = await tx.all(staleUploads, args)
  if (stale.length > 0) await discard(tx, stale)
  return stale.length
}

async function discard(tx: Counted, uploads: readonly UploadRow[]): Promise<void> {
  for (const objectKey of uploads.flatMap(keysOf)) await doomObject(tx, { objectKey, neverRead: true })
  for (const { repository, reserved } of uploads) tx.ledger.reserve(repository, -reserved)
  await tx.run(deleteUploads(uploads.length), { ids: uploads.map(({ id }) => id) })
}

/** Where an upload's bytes may lie. */
function keysOf(upload: UploadRow): string[] {
  return upload.target_key === null ? [upload.object_key] : [upload.object_key, upload.target_key]
}

export function uploadUnknown(id: string): RegistryError {
  return new RegistryError(
    'BLOB_UPLOAD_UNKNOWN',
    'this upload is not open here: it was finished, cancelled or expired, or never was; start a new one',
    {
      detail: { upload: id },
    },
  )
}

const insertUpload = statement<NewUpload & { openedBy: string | null; leaseTime: number }>()((scope) => {
  const { db, arg, now } = scope
  return db
    .insertInto('uploads')
    .values((eb) => ({
      id: arg('id'),
      repository: arg('repository'),
      object_key: arg('objectKey'),
      durable_offset: 0,
      reserved: 0,
      digest_so_far: arg('emptyDigest'),
      target_key: arg('targetKey'),
      writer: arg('writer'),
      lease_until: eb(now, '+', arg('leaseTime')),
      started_at: now,
      last_activity: now,
      opened_by: arg('openedBy'),
    }))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning(ownLimit(scope).as('limit'))
})

const lockUpload = statement<UploadAddress>()((scope) => {
  const { db, arg, dialect } = scope
  return db
    .selectFrom('uploads')
    .selectAll()
    .select(ownLimit(scope).as('limit'))
    .where('id', '=', arg('id'))
    .where('repository', '=', arg('repository'))
    .$if(dialect === 'postgres', (query) => query.forUpdate())
})

const takeLease = statement<
  UploadAddress & {
    writer: string
    targetKey: string | null
    contested: number | null
    leaseTime: number
  }
>()(({ db, arg, now }) =>
  db
    .updateTable('uploads')
    .set((eb) => ({
      writer: arg('writer'),
      target_key: arg('targetKey'),
      contested: arg('contested'),
      lease_until: eb(now, '+', arg('leaseTime')),
      last_activity: now,
    }))
    .where('id', '=', arg('id'))
    .where('repository', '=', arg('repository'))
    // Its own too: an answer that was lost is asked for again.
    .where((eb) =>
      eb.or([eb('writer', 'is', null), eb('writer', '=', arg('writer')), eb('lease_until', '<', now)]),
    ),
)

const renewLease = statement<LeaseHolder & { leaseTime: number }>()(({ db, arg, now }) =>
  db
    .updateTable('uploads')
    .set((eb) => ({ lease_until: eb(now, '+', arg('leaseTime')), last_activity: now }))
    .where('id', '=', arg('id'))
    .where('writer', '=', arg('writer')),
)

const recordProgress = statement<Progress & { notes: string | null; hashState: Uint8Array | null }>()(
  ({ db, arg, now }) =>
    db
      .updateTable('uploads')
      .set({
        durable_offset: arg('to'),
        digest_so_far: arg('digestSoFar'),
        notes: arg('notes'),
        hash_state: arg('hashState'),
        writer: null,
        lease_until: 0,
        last_activity: now,
      })
      .where('id', '=', arg('id'))
      .where('writer', '=', arg('writer'))
      .where('durable_offset', '=', arg('from'))
      .returning(['repository', 'reserved']),
)

const staleUploads = statement<{ age: number; limit: number }>()(({ db, arg, now, dialect }) =>
  db
    .selectFrom('uploads')
    .selectAll()
    .where('last_activity', '<', (eb) => eb(now, '-', arg('age')))
    .where('lease_until', '<', now)
    .orderBy('last_activity')
    .limit(arg('limit'))
    // A writer that takes the upload up at this moment keeps it.
    .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked()),
)

const deleteUploads = perLength((length) =>
  statement<{ ids: readonly string[] }>()(({ db, arg }) =>
    db.deleteFrom('uploads').where('id', 'in', places(arg('ids'), length)),
  ),
)
