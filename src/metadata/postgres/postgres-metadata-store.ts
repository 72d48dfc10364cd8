import { Pool, type PoolClient, types } from 'pg'
import { applyChange } from '../changes/changes.ts'
import type { Reader, SchemaTransaction } from '../engine.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { migrate } from '../migrations/migrate.ts'
import { createSqlMetadataStore } from '../sql-metadata-store.ts'
import type { Statement } from '../statement.ts'
import { type ConnectionSettings, clientConfig, placeOf } from './connection.ts'

/** Taken while the tables are brought up to date, so that processes that start together take turns. */
const migrationLock = 0x42657274

/** serialization_failure and deadlock_detected: nothing was done, and trying again is what helps. */
const tryAgain: ReadonlySet<unknown> = new Set(['40001', '40P01'])
const attempts = 5

export interface PostgresOptions extends ConnectionSettings {
  /** Connections at most. */
  readonly pool: number
  /** Milliseconds that a request waits for a connection. */
  readonly patience: number
  /** This binary's version. */
  readonly berth: string
  /** Refuses a database in which no registry is. */
  readonly existing: boolean
}

/** Metadata in PostgreSQL, for several processes on one database. */
export async function openPostgresMetadataStore(
  options: PostgresOptions,
): Promise<MetadataStore & { readonly place: string }> {
  const pool = new Pool({ ...(await clientConfig(options)), max: options.pool, types: { getTypeParser } })
  await inTransaction(pool, async (tx) => {
    await tx.execute(`select pg_advisory_xact_lock(${migrationLock})`)
    await migrate(tx, options.berth)
  })
  const store = createSqlMetadataStore({
    ...reader(pool),
    change: (name, args) => inTransaction(pool, (tx) => applyChange(tx, name, args)),
    async check() {
      await pool.query('select 1 from migrations limit 1')
    },
    close: () => pool.end(),
  })
  return { ...store, place: placeOf(options.address) }
}

/** Whole numbers come as text from the driver; all of ours fit a double. */
const wholeNumbers: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC])

function getTypeParser(type: number, format?: 'text' | 'binary') {
  return wholeNumbers.has(type) ? Number : types.getTypeParser(type, format as 'text')
}

function reader(client: Pool | PoolClient): Reader {
  const query = async <Arguments, Row>(statement: Statement<Arguments, Row>, args: Arguments) => {
    const { sql, values } = statement.compile('postgres')
    return (await client.query(sql, values(args))).rows as Row[]
  }
  return {
    dialect: 'postgres',
    all: query,
    async first(statement, args) {
      return (await query(statement, args))[0]
    },
  }
}

async function inTransaction<T>(pool: Pool, work: (tx: SchemaTransaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptTransaction(pool, work)
    } catch (error) {
      if (attempt === attempts || !tryAgain.has((error as { code?: unknown }).code)) throw error
    }
  }
}

async function attemptTransaction<T>(pool: Pool, work: (tx: SchemaTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work({
      ...reader(client),
      async run(statement, args) {
        const { sql, values } = statement.compile('postgres')
        return (await client.query(sql, values(args))).rowCount ?? 0
      },
      async execute(text) {
        await client.query(text)
      },
    })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((cause: Error) => {
      broken = cause
    })
    throw error
  } finally {
    client.release(broken)
  }
}
