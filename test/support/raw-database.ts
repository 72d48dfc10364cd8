import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { join } from 'node:path'
import { Client } from 'pg'
import type { AuditState, MetadataStore } from '../../src/metadata/metadata-store.ts'
import { openPostgresMetadataStore } from '../../src/metadata/postgres/postgres-metadata-store.ts'
import { openSqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { temporaryDirectory } from './berth.ts'
import { dropDatabase, makeDatabase, optionsFor } from './postgres.ts'

type Value = string | number | Uint8Array | null

/** A database of its own that a registry's metadata lies in, and that somebody with its password writes to. */
export interface RawDatabase {
  /** Opened as a process does; each has its own writer. */
  open(options?: { auditTold?: (state: AuditState) => void }): Promise<MetadataStore>
  /** @param text with `$1`, `$2`, … for the values @returns rows */
  run<Row extends object>(text: string, ...values: Value[]): Promise<Row[]>
  drop(): Promise<void>
}

export async function rawSqlite(): Promise<RawDatabase> {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  return {
    open: (options = {}) => openSqliteMetadataStore({ path, berth: '0.1.0', ...options }),
    async run<Row>(text: string, ...values: Value[]) {
      const database = new Database(path)
      try {
        database.run('PRAGMA busy_timeout = 5000')
        return database.query<Row, SQLQueryBindings[]>(text.replaceAll('$', '?')).all(...values)
      } finally {
        database.close()
      }
    },
    async drop() {},
  }
}

export async function rawPostgres(server: string): Promise<RawDatabase> {
  const url = await makeDatabase(server)
  return {
    open: (options = {}) => openPostgresMetadataStore({ ...optionsFor(url), ...options }),
    async run<Row extends object>(text: string, ...values: Value[]) {
      const client = new Client({ connectionString: url })
      await client.connect()
      try {
        return (await client.query<Row>(text, values)).rows
      } finally {
        await client.end()
      }
    },
    drop: () => dropDatabase(url),
  }
}
