import { Database } from 'bun:sqlite'
import { expect } from 'bun:test'
import { join } from 'node:path'
import { SQL } from 'bun'
import type { S3Options } from '../../src/blobs/s3/options.ts'
import { notMoved } from '../../src/metadata/moved-tables.ts'
import { attempt, type CommandResult } from './command.ts'
import { dropDatabase, lackingPostgres, makeDatabase, postgresServer } from './postgres.ts'
import { requireHere } from './require.ts'
import { bucketEnvironment, lackingS3, testBucket } from './s3.ts'

export const berthExecutable = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

/** Whether suites that move a registry run here: they need PostgreSQL and an S3 server. */
export function requireTargets(what: string): boolean {
  return requireHere(what, [...lackingPostgres(), ...lackingS3()])
}

/** An empty database and an empty bucket. */
export interface MigrationTargets extends AsyncDisposable {
  readonly database: string
  readonly bucket: S3Options
  /** Flags that name both. */
  readonly flags: readonly string[]
  readonly toMetadata: readonly string[]
  readonly toStorage: readonly string[]
  /** For the command: what is not on its command line. */
  readonly credentials: Record<string, string>
  /** For servers on the targets. */
  readonly environment: Record<string, string>
}

export async function makeTargets(): Promise<MigrationTargets> {
  const database = await makeDatabase(postgresServer ?? '')
  const bucket = await testBucket()
  const url = new URL(database)
  const { password } = url
  url.password = ''
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', ...storage } = bucketEnvironment(bucket)
  const credentials = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, PGPASSWORD: password }
  const toMetadata = ['--to-metadata', url.href]
  const toStorage = [
    '--to-storage',
    `s3://${bucket.bucket}/${bucket.prefix}?endpoint=${bucket.endpoint}&part-size=5MiB`,
  ]
  return {
    database,
    bucket,
    flags: [...toMetadata, ...toStorage],
    toMetadata,
    toStorage,
    credentials,
    environment: { ...credentials, ...storage, BERTH_METADATA_URL: url.href, BERTH_ACCESS_OPEN: 'true' },
    [Symbol.asyncDispose]: () => dropDatabase(database),
  }
}

export function migrateCommand(
  data: string,
  flags: readonly string[],
  env: Record<string, string>,
): Promise<CommandResult> {
  return attempt(berthExecutable, ['migrate', '--data', data, ...flags], { env })
}

/** Compares every row of every table that moves, by means of its own. @returns what is at the target */
export async function expectMoved(data: string, database: string): Promise<Record<string, string[]>> {
  const source = sourceRows(data)
  const found = await targetRows(database, Object.keys(source))
  // Pulls go on at the source, and are noted there; objects that nobody knows are the storage's own. The source seals what
  // its audit log has after it was copied, too: at the target the next server does.
  const { pulls: pulledBefore = [], audit_batches: sealed = [], ...rows } = withoutOwn(source)
  const { pulls = [], audit_batches: batches = [], ...moved } = withoutOwn(found)
  expect(moved).toEqual(rows)
  expect(pulledBefore).toEqual(expect.arrayContaining(pulls))
  expect(sealed).toEqual(expect.arrayContaining(batches))
  return found
}

function withoutOwn(tables: Record<string, string[]>): Record<string, string[]> {
  const { doomed_objects: _, audit_chain: __, audit_writers: ___, ...rest } = tables
  return rest
}

/** Every row of the tables that move, as sorted lines. */
function sourceRows(data: string): Record<string, string[]> {
  const database = new Database(join(data, 'metadata.sqlite'), { readonly: true })
  try {
    const tables = database
      .query<{ name: string }, []>(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name",
      )
      .all()
      .map(({ name }) => name)
      .filter((name) => !Object.hasOwn(notMoved, name))
    return Object.fromEntries(
      tables.map((name) => [name, linesOf(database.query<object, []>(`select * from ${name}`).all())]),
    )
  } finally {
    database.close()
  }
}

/** The same of a database that a registry was moved into. */
async function targetRows(url: string, tables: readonly string[]): Promise<Record<string, string[]>> {
  await using sql = new SQL(url, { max: 1 })
  const found: Record<string, string[]> = {}
  for (const table of tables) found[table] = linesOf([...(await sql.unsafe(`select * from ${table}`))])
  return found
}

/** Whole numbers come as texts from one and as numbers from the other; the note of the migration is the target's own. */
function linesOf(rows: readonly object[]): string[] {
  return rows
    .filter((row) => (row as { key?: string }).key !== 'migration')
    .map((row) =>
      Object.entries(row)
        .map(
          ([column, value]) =>
            `${column}=${value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value}`,
        )
        .sort()
        .join(' '),
    )
    .sort()
}
