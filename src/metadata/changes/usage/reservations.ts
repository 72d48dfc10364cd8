import { sql } from 'kysely'
import type { Digest } from '../../../oci/digest.ts'
import type { RepositoryName } from '../../../oci/repository-name.ts'
import type { UploadRow } from '../../schema.ts'
import { type StatementScope, statement } from '../../statement.ts'
import { isHeld } from './held.ts'
import { type Counted, countedIn } from './ledger.ts'
import { type DefaultLimits, limitsOf, noLimits, sumOf } from './limits.ts'
import { usageRows } from './room.ts'

/** What an upload wants of its namespace's quota. */
export interface Reserving {
  /** Bytes that it will have in the end; null: nobody knows yet. */
  bytes: number | null
  /** What it will be; null: nobody knows yet. */
  digest: Digest | null
}

/** Whether an upload's bytes must be reserved as they come. */
export type Room = 'unlimited' | 'reserve'

/**
 * Reserves all that the upload will have, where that is known. A digest that the namespace holds already costs nothing,
 * and so need not wait for room.
 */
export async function reserveWhole(
  tx: Counted,
  upload: Pick<UploadRow, 'id' | 'repository' | 'reserved'> & { limit: number | null },
  { bytes, digest, quota = noLimits }: Reserving & { quota?: DefaultLimits | undefined },
): Promise<Room> {
  const limit = upload.limit ?? quota.bytes
  if (limit === null || limit < 0) return 'unlimited'
  if (digest !== null && (await isHeld(tx, { namespace: countedIn(upload.repository), digest })))
    return 'unlimited'
  if (bytes === null) return 'reserve'
  await setReserved(tx, upload, { bytes, digest })
  return 'unlimited'
}

export interface Reservation extends Reserving {
  id: string
  writer: string
  repository: RepositoryName
  /** Bytes that it has by now. */
  bytes: number
  /** Bytes to reserve beyond, if there is room. */
  ahead: number
  quota?: DefaultLimits
}

/**
 * Of what is left, an upload takes this part before its bytes are there. Where little is left, those that stream so come
 * one after the other: if each took only what has come, many would fill the room together, and none would end. The rest
 * is for manifests.
 */
const greed = 7 / 8

/**
 * Reserves what has come of an upload, and for what may still come.
 * @returns how far it may go on; null: as far as it will; undefined: it is not this writer's
 * @throws QUOTA_EXCEEDED, QUOTA_BUSY
 */
export async function reserveUpload(tx: Counted, args: Reservation): Promise<number | null | undefined> {
  const { repository, bytes, digest, ahead, quota = noLimits } = args
  const upload = await tx.first(lockReserved, args)
  if (!upload) return undefined
  const namespace = countedIn(repository)
  const rows = await tx.all(usageRows, { namespace })
  const limit = limitsOf(rows, quota).bytes
  if (limit === null) return null
  if (digest !== null && (await isHeld(tx, { namespace, digest }))) return null
  if (bytes <= upload.reserved) return upload.reserved
  const used = sumOf(rows)
  const left = limit - used.bytes - used.reserved - (bytes - upload.reserved)
  const whole = bytes + Math.max(0, Math.min(ahead, Math.floor(left * greed)))
  await setReserved(tx, { ...args, reserved: upload.reserved }, { bytes: whole, digest })
  return whole
}

/** Gives back what an upload has reserved and not brought. */
export async function reserveNoMore(
  tx: Counted,
  upload: Pick<UploadRow, 'id' | 'repository' | 'reserved'>,
  bytes: number,
): Promise<void> {
  if (upload.reserved > bytes) await setReserved(tx, upload, { bytes, digest: null })
}

/** The limit that was set for the namespace, within a query of uploads. */
export function ownLimit<A extends { repository: RepositoryName }>({ arg, dialect }: StatementScope<A>) {
  const slash = dialect === 'sqlite' ? sql.raw('instr') : sql.raw('strpos')
  const name = sql`cast(${arg('repository')} as text)`
  const namespace = sql`case ${slash}(${name}, '/') when 0 then 'library' else substr(${name}, 1, ${slash}(${name}, '/') - 1) end`
  return sql<
    number | null
  >`(select limit_bytes from usage where usage.namespace = ${namespace} and usage.stripe = 0)`
}

async function setReserved(
  tx: Counted,
  upload: Pick<UploadRow, 'id' | 'repository' | 'reserved'>,
  { bytes, digest }: { bytes: number; digest: Digest | null },
): Promise<void> {
  await tx.run(updateReserved, { id: upload.id, bytes })
  tx.ledger.reserve(upload.repository, bytes - upload.reserved, { own: bytes, digest })
}

const lockReserved = statement<{ id: string; writer: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('uploads')
    .select('reserved')
    .where('id', '=', arg('id'))
    .where('writer', '=', arg('writer'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const updateReserved = statement<{ id: string; bytes: number }>()(({ db, arg }) =>
  db
    .updateTable('uploads')
    .set({ reserved: arg('bytes') })
    .where('id', '=', arg('id')),
)
