import { Client } from 'pg'
import { postgresUrl } from '../../src/config/postgres-url.ts'
import type { PostgresOptions } from '../../src/metadata/postgres/postgres-metadata-store.ts'
import { requireHere } from './require.ts'

/** The PostgreSQL server of the tests; undefined: there is none, and tests of it are skipped. */
export const postgresServer = process.env.BERTH_TEST_POSTGRES || undefined

/** Whether suites on PostgreSQL run here. @param what the suite, for the line that says that it does not */
export function requirePostgres(what: string): boolean {
  return requireHere(what, lackingPostgres())
}

export function lackingPostgres(): string[] {
  return postgresServer ? [] : ['BERTH_TEST_POSTGRES=$(.ci/postgres start) names no PostgreSQL']
}

let made = 0

/** A new database on the tests' server. @returns its URL */
export async function makeDatabase(server: string): Promise<string> {
  made += 1
  const name = `berth_test_${process.pid}_${made}`
  await administer(server, `create database ${name}`)
  const own = new URL(server)
  own.pathname = `/${name}`
  return own.href
}

export async function dropDatabase(url: string): Promise<void> {
  const server = new URL(url)
  const name = server.pathname.slice(1)
  server.pathname = '/postgres'
  await administer(server.href, `drop database if exists ${name} with (force)`)
}

/** How a store on the database is opened, as a server with default settings would. */
export function optionsFor(url: string): PostgresOptions {
  const address = postgresUrl.parse(url)
  if (!address) throw new Error(`${url} is not the URL of a PostgreSQL`)
  return {
    address,
    pool: 10,
    patience: 10_000,
    connectTimeout: 5000,
    statementTimeout: 30_000,
    lockTimeout: 10_000,
    berth: '0.1.0',
    existing: false,
  }
}

/** Runs one statement on its own connection. */
export async function administer<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}
