import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { Client } from 'pg'
import {
  administer,
  dropDatabase,
  makeDatabase,
  optionsFor,
  postgresServer,
  requirePostgres,
} from '../../../test/support/postgres.ts'
import { app, failureOf, newId, upload } from '../contract/fixtures.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore, type PostgresOptions } from './postgres-metadata-store.ts'

describe.skipIf(!requirePostgres('how long PostgreSQL is waited for'))('a database that is held up', () => {
  let database: string
  let holder: Client
  const opened: MetadataStore[] = []

  beforeAll(async () => {
    database = await makeDatabase(postgresServer ?? '')
    await (await openPostgresMetadataStore(optionsFor(database))).close()
  })
  beforeEach(async () => {
    holder = new Client({ connectionString: database })
    await holder.connect()
    await holder.query('begin; lock table uploads in access exclusive mode')
  })
  afterEach(async () => {
    await holder.query('rollback')
    await holder.end()
    for (const store of opened.splice(0)) await store.close()
  })
  afterAll(() => dropDatabase(database))

  async function open(options: Partial<PostgresOptions>): Promise<MetadataStore> {
    const store = await openPostgresMetadataStore({ ...optionsFor(database), ...options })
    opened.push(store)
    return store
  }

  test('ends a change that waits for a lock, and changes nothing', async () => {
    const store = await open({ lockTimeout: 200 })
    const id = newId()
    expect(await failureOf(store.change('openUpload', upload(id)))).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    })
    await holder.query('rollback')
    expect(await store.findUpload({ id, repository: app })).toBeUndefined()
  })

  test('ends a query that takes too long', async () => {
    const store = await open({ statementTimeout: 200, lockTimeout: 0 })
    expect(await failureOf(store.countUploads())).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  test('lets nobody wait for a connection for longer than he has patience', async () => {
    const store = await open({ pool: 2, patience: 300, lockTimeout: 3000 })
    const holding = [store.countUploads(), store.countUploads()].map((each) => each.catch(() => undefined))
    await Bun.sleep(100)
    const begun = performance.now()
    expect(await failureOf(store.repositoryExists(app))).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('metadata.pool'),
    })
    expect(performance.now() - begun).toBeLessThan(2000)
    await holder.query('rollback')
    await Promise.all(holding)
    expect(await store.repositoryExists(app)).toBe(false)
  })

  test('takes no connection with it that PostgreSQL ends', async () => {
    const store = await open({})
    expect(await store.repositoryExists(app)).toBe(false)
    await administer(
      database,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'berth'`,
    )
    expect(await store.repositoryExists(app)).toBe(false)
  })

  test('that does not let this user in any more is unavailable, and no fault', async () => {
    const store = await open({})
    await holder.query('rollback')
    const name = new URL(database).pathname.slice(1)
    await administer(postgresServer ?? '', `alter database ${name} with allow_connections false`)
    try {
      await holder.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'berth'`,
      )
      expect(await failureOf(store.repositoryExists(app))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    } finally {
      await administer(postgresServer ?? '', `alter database ${name} with allow_connections true`)
    }
    expect(await store.repositoryExists(app)).toBe(false)
  })
})
