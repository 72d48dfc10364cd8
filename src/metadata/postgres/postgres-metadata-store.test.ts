import { afterEach, describe, test } from 'bun:test'
import { Client } from 'pg'
import { metadataStoreContract } from '../metadata-store.contract.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'

const server = process.env.BERTH_TEST_POSTGRES

if (server) runOn(server)
else if (process.env.CI) throw new Error('BERTH_TEST_POSTGRES must name a PostgreSQL server in CI')
else {
  console.log(
    'PostgreSQL: skipped; set BERTH_TEST_POSTGRES=postgres://USER:PASSWORD@HOST/postgres to run its contract suite',
  )
  describe('PostgreSQL', () => test.skip('keeps the contract of metadata stores', () => undefined))
}

/** Each test gets a database of its own on the server. */
function runOn(url: string): void {
  const stores: MetadataStore[] = []
  const databases: string[] = []
  let made = 0
  metadataStoreContract('PostgreSQL', async () => {
    const name = `berth_test_${process.pid}_${made}`
    made += 1
    await administer(url, `create database ${name}`)
    databases.push(name)
    const own = new URL(url)
    own.pathname = `/${name}`
    const store = await openPostgresMetadataStore({ url: own.href, berth: '0.1.0' })
    stores.push(store)
    return store
  })
  // At once, for a server takes only so many connections.
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    for (const name of databases.splice(0)) await administer(url, `drop database ${name}`)
  })
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
