import { away, inTime } from '../../in-time.ts'
import { RegistryError } from '../../oci/errors.ts'
import { AuditSealer } from '../audit/sealer.ts'
import { AuditWriter, type Records } from '../audit/writer.ts'
import type { AuditState } from '../audit-store.ts'
import { theServer } from '../changes/attribution.ts'
import type { ChangeName, ChangeResult } from '../changes/changes.ts'
import { settleLostCommit } from '../changes/lost-commits.ts'
import { type ChangeOrder, makeChange } from '../changes/make-change.ts'
import type { Transaction } from '../engine.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { createSqlMetadataStore } from '../sql-metadata-store.ts'
import { bringUpToDate } from './bring-up-to-date.ts'
import { placeOf } from './connection.ts'
import { ConnectionPool, type PoolSettings } from './connection-pool.ts'
import { outcomeUnknown } from './failures.ts'
import { readerOn, transactionOn } from './statements.ts'

export interface PostgresOptions extends PoolSettings {
  /** This binary's version. */
  readonly berth: string
  /** Refuses a database in which no registry is. */
  readonly existing: boolean
  /** How long rows of the audit log wait for others to be sealed with; a second unless given. Milliseconds. */
  readonly auditGathering?: number
  /** Hears how far the audit log of this process is. */
  readonly auditTold?: ((state: AuditState) => void) | undefined
}

/** Who asks whether the database answers waits no longer than this. Milliseconds. */
const checkTime = 2000

/**
 * Metadata in PostgreSQL, for several processes on one database.
 * @throws DatabaseTooNewError; STORAGE_UNAVAILABLE where the database can't be reached, or holds no registry
 */
export async function openPostgresMetadataStore(
  options: PostgresOptions,
): Promise<MetadataStore & { readonly place: string }> {
  await bringUpToDate(options)
  const pool = await ConnectionPool.open(options)
  const audit = new AuditWriter()
  const sealer = new AuditSealer({
    writer: audit,
    transaction: (work) => pool.transaction((client) => work(transactionOn(client))),
    told: options.auditTold,
    gathering: options.auditGathering,
  })
  const store = createSqlMetadataStore({
    ...readerOn((text, values) => pool.query(text, values)),
    change: (name, args, by = theServer) =>
      change({ pool, audit }, { name, args, by }).finally(() => sealer.touched()),
    check: () => answersInTime(pool),
    async close() {
      await Promise.race([sealer.close(), Bun.sleep(checkTime)])
      await pool.close()
    },
  })
  return { ...store, place: placeOf(options.address) }
}

interface Changing {
  readonly pool: ConnectionPool
  readonly audit: AuditWriter
}

async function change<N extends ChangeName>(
  { pool, audit }: Changing,
  order: ChangeOrder<N>,
): Promise<ChangeResult<N>> {
  const attempts: Records[] = []
  try {
    const result = await pool.transaction<ChangeResult<N>>((client, { lost }) => {
      const before = attempts.at(-1)
      if (lost) before?.doubtful()
      else before?.undone()
      const records = audit.begin()
      attempts.push(records)
      const tx = { ...transactionOn(client), audit: records }
      return lost ? settle(tx, order) : makeChange(tx, order)
    })
    attempts.at(-1)?.committed()
    return result
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'OUTCOME_UNKNOWN') attempts.at(-1)?.doubtful()
    else attempts.at(-1)?.undone()
    throw error
  }
}

async function settle<N extends ChangeName>(
  tx: Transaction,
  order: ChangeOrder<N>,
): Promise<ChangeResult<N>> {
  const settled = await settleLostCommit(tx, order.name, order.args)
  if (settled.state === 'done') return settled.result
  if (settled.state === 'unknown') throw outcomeUnknown('nothing tells whether it was committed')
  const repeated: Promise<unknown> = makeChange(tx, order)
  return (await repeated) as ChangeResult<N>
}

async function answersInTime(pool: ConnectionPool): Promise<void> {
  if ((await inTime(pool.query('select 1 from migrations limit 1', []), checkTime)) === away)
    throw new Error(`the database did not answer within ${checkTime / 1000} s`)
}
