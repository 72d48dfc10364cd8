import { afterEach, describe } from 'bun:test'
import {
  dropDatabase,
  makeDatabase,
  optionsFor,
  postgresServer,
  requirePostgres,
} from '../../../test/support/postgres.ts'
import { metadataStoreContract } from '../metadata-store.contract.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'

describe.skipIf(!requirePostgres('the contract of metadata stores'))('with a database server', () => {
  runOn(postgresServer ?? '')
})

/** Each test gets a database of its own on the server. */
function runOn(url: string): void {
  const stores: MetadataStore[] = []
  const databases: string[] = []
  metadataStoreContract('PostgreSQL', async () => {
    const database = await makeDatabase(url)
    databases.push(database)
    const store = await openPostgresMetadataStore(optionsFor(database))
    stores.push(store)
    return store
  })
  // At once, for a server takes only so many connections.
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    for (const database of databases.splice(0)) await dropDatabase(database)
  })
}
