import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { app, failureOf, manifest, storeBlob, tag } from '../contract/fixtures.ts'
import { metadataStoreContract } from '../metadata-store.contract.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openSqliteMetadataStore } from './sqlite-metadata-store.ts'

const opened: MetadataStore[] = []

afterAll(async () => {
  for (const store of opened) await store.close()
})

async function open({ path = '', berth = '0.1.0' } = {}): Promise<{ store: MetadataStore; path: string }> {
  const file = path || join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path: file, berth })
  opened.push(store)
  return { store, path: file }
}

metadataStoreContract('SQLite', async () => (await open()).store)

test('what another process changes is seen by the next request', async () => {
  const { store, path } = await open()
  const image = manifest('image', { tags: [tag('latest')] })
  await store.change('putManifest', image)
  const by = { repository: app, tag: tag('latest') }
  expect(await store.findTagged(by)).toBeDefined()
  expect(await store.findTagged(by)).toBeDefined()
  const foreign = new Database(path)
  foreign.run("delete from tags where name = 'latest'")
  foreign.close()
  // A request that arrives from now on is served in a later turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  expect(await store.findTagged(by)).toBeUndefined()
  expect(await store.listTags({ repository: app, limit: 10 })).toEqual([])
})

test.each([
  "select name from tags where repository = 'a' and digest = 'b'",
  "select name, updated_at from tags where repository = 'a' and digest = 'b' limit 500",
  "delete from tags where repository = 'a' and digest = 'b' returning name",
  "delete from manifests where repository = 'a' and digest = 'b'",
])('the tags of one manifest are not looked for among all of a repository: %s', async (query) => {
  const { path } = await open()
  const database = new Database(path)
  database.run('PRAGMA foreign_keys = on')
  const plan = database.query<{ detail: string }, []>(`explain query plan ${query}`).all()
  database.close()
  const search = plan.map(({ detail }) => detail).find((detail) => detail.startsWith('SEARCH tags'))
  expect(search).toMatch(/tags_digest \(repository=\? AND digest=\?\)/)
})

test('everything is there after a restart', async () => {
  const { store, path } = await open()
  const { digest } = await storeBlob(store)
  await store.close()
  opened.splice(opened.indexOf(store), 1)
  const again = await open({ path })
  expect(await again.store.findBlob({ repository: app, digest })).toBeDefined()
})

test('a database that needs a newer Berth is refused with what to do', async () => {
  const { path } = await open()
  const database = new Database(path)
  database.run("insert into migrations values (1000, 'from the future', '7.2.0', 0)")
  database.close()
  const older = openSqliteMetadataStore({ path, berth: '7.1.9' })
  expect(await failureOf(older)).toMatchObject({
    message: expect.stringContaining('needs Berth 7.2.0 or newer; this is 7.1.9'),
  })
  const { store } = await open({ path, berth: '7.2.0' })
  await store.check()
  await open({ path, berth: '7.10.0' })
})

test('a file that is no database is refused', async () => {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  await Bun.write(path, 'this is not a database at all, only text that is long enough to be looked at')
  expect(await failureOf(openSqliteMetadataStore({ path, berth: '0.1.0' }))).toMatchObject({
    message: expect.stringContaining('not a database'),
  })
})
