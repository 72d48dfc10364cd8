import { Client, DatabaseError } from 'pg'
import { RegistryError } from '../../oci/errors.ts'
import type { MetadataTarget, TargetRows, TargetState } from '../migration-target.ts'
import { migrate } from '../migrations/migrate.ts'
import { migrationLock } from './bring-up-to-date.ts'
import { type ConnectionSettings, clientConfig, placeOf } from './connection.ts'
import { getTypeParser } from './connection-pool.ts'
import { failureOf, reasonOf } from './failures.ts'
import { MovedRows } from './moved-rows.ts'
import { transactionOn } from './statements.ts'

/** A PostgreSQL that a registry moves into. */
export class PostgresTarget implements MetadataTarget {
  readonly place: string
  readonly #settings: ConnectionSettings
  readonly #berth: string
  readonly #key: string

  /** @param key the state under which the note of the migration lies */
  constructor(settings: ConnectionSettings & { berth: string; key: string }) {
    this.#settings = settings
    this.#berth = settings.berth
    this.#key = settings.key
    this.place = placeOf(settings.address)
  }

  state(): Promise<TargetState> {
    return this.#connected((client) => this.#state(client))
  }

  claim(note: string): Promise<void> {
    return this.#alone(async (client) => {
      const { state } = await this.#state(client)
      if (state !== 'empty')
        throw new RegistryError('STORAGE_UNAVAILABLE', `${this.place} was taken meanwhile`)
      await migrate(transactionOn(client), this.#berth)
      await this.#setNote(client, note)
    })
  }

  fill(work: (rows: TargetRows) => Promise<string>): Promise<void> {
    return this.#alone(async (client) => {
      await migrate(transactionOn(client), this.#berth)
      const note = await work(new MovedRows(client))
      await this.#setNote(client, note)
    })
  }

  async #state(client: Client): Promise<TargetState> {
    const { rows } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by table_name`,
    )
    const names = rows.map(({ name }) => name)
    if (names.length === 0) return { state: 'empty' }
    if (!names.includes('state') || !names.includes('migrations'))
      return { state: 'foreign', what: `other tables (${names.slice(0, 3).join(', ')})` }
    const found = await client.query<{ value: string }>('select value from state where key = $1', [this.#key])
    const note = found.rows[0]?.value
    return note === undefined ? { state: 'foreign', what: 'a registry' } : { state: 'noted', note }
  }

  async #setNote(client: Client, note: string): Promise<void> {
    await client.query(
      'insert into state (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value',
      [this.#key, note],
    )
  }

  /** In a transaction while which no server brings tables up to date, and so none starts. */
  #alone<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.#connected(async (client) => {
      await client.query(
        'begin isolation level read committed; set local statement_timeout = 0; set local lock_timeout = 0; set local idle_in_transaction_session_timeout = 0',
      )
      await client.query(`select pg_advisory_xact_lock(${migrationLock})`)
      const result = await work(client)
      await client.query('commit')
      return result
    })
  }

  async #connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { query_timeout: _, ...config } = await clientConfig(this.#settings)
    const client = new Client({ ...config, types: { getTypeParser } })
    // What breaks is told by the statement that it breaks; unheard, it would end the process.
    client.on('error', () => undefined)
    let connected = false
    try {
      await client.connect()
      connected = true
      return await work(client)
    } catch (error) {
      const told = connected && !(error instanceof DatabaseError) && failureOf(error) === 'fault'
      if (told) throw error
      throw new RegistryError('STORAGE_UNAVAILABLE', `${this.place} can not be used: ${reasonOf(error)}`, {
        cause: error,
      })
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}
