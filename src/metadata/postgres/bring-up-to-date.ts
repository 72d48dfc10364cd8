import { Client } from 'pg'
import { RegistryError } from '../../oci/errors.ts'
import { migrate } from '../migrations/migrate.ts'
import { type ConnectionSettings, clientConfig, placeOf } from './connection.ts'
import { failureOf, reasonOf } from './failures.ts'
import { transactionOn } from './statements.ts'

/** Taken while the tables are brought up to date, so that processes that start together take turns. */
export const migrationLock = 0x42657274
/** Milliseconds between attempts to reach a database that is not there yet. */
const pause = 200

interface Updating extends ConnectionSettings {
  readonly patience: number
  readonly berth: string
  readonly existing: boolean
}

/**
 * Brings the tables up to date, on a connection of its own without timeouts: a migration may take its time, and those
 * that start meanwhile wait for it.
 * @throws DatabaseTooNewError; STORAGE_UNAVAILABLE where the database can't be reached, or holds no registry
 */
export async function bringUpToDate(options: Updating): Promise<void> {
  const deadline = performance.now() + options.patience
  for (;;) {
    try {
      return await attempt(options)
    } catch (error) {
      if (!(error instanceof Error) || isTold(error)) throw error
      if (failureOf(error) !== 'broken' || performance.now() > deadline) throw unreachable(options, error)
      await Bun.sleep(pause)
    }
  }
}

async function attempt(options: Updating): Promise<void> {
  const { query_timeout: _, ...config } = await clientConfig(options)
  const client = new Client(config)
  // What breaks is told by the statement that it breaks; unheard, it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    // For the transaction alone: behind a pooler the session is shared.
    await client.query('begin; set local statement_timeout = 0; set local lock_timeout = 0')
    await client.query(`select pg_advisory_xact_lock(${migrationLock})`)
    if (options.existing) await requireRegistry(client, options)
    await migrate(transactionOn(client), options.berth)
    await client.query('commit')
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function requireRegistry(client: Client, options: Updating): Promise<void> {
  const { rows } = await client.query(`select to_regclass('migrations') is not null as found`)
  if (rows[0]?.found) return
  throw new RegistryError(
    'STORAGE_UNAVAILABLE',
    `there is no registry in ${placeOf(options.address)}: is metadata.url right? \`berth serve\` makes one`,
  )
}

function isTold(error: Error): boolean {
  return error instanceof RegistryError || error.name === 'DatabaseTooNewError'
}

function unreachable(options: Updating, error: unknown): RegistryError {
  return new RegistryError(
    'STORAGE_UNAVAILABLE',
    `PostgreSQL at ${placeOf(options.address)} can not be used: ${reasonOf(error)}`,
  )
}
