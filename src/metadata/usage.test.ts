import { Database } from 'bun:sqlite'
import { afterEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import {
  dropDatabase,
  makeDatabase,
  optionsFor,
  postgresServer,
  requirePostgres,
} from '../../test/support/postgres.ts'
import { type Change, RandomChanges, seeded } from '../../test/support/random-changes.ts'
import { RandomUploads } from '../../test/support/random-uploads.ts'
import { manifest, type OpenStore, storeBlob } from './contract/fixtures.ts'
import type { MetadataStore } from './metadata-store.ts'
import { openPostgresMetadataStore } from './postgres/postgres-metadata-store.ts'
import { openSqliteMetadataStore } from './sqlite/sqlite-metadata-store.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function onSqlite(path?: string): Promise<MetadataStore> {
  const file = path ?? join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path: file, berth: '0.1.0' })
  closing.push(() => store.close())
  return store
}

async function onPostgres(server: string): Promise<MetadataStore> {
  const database = await makeDatabase(server)
  const store = await openPostgresMetadataStore(optionsFor(database))
  closing.push(async () => {
    await store.close()
    await dropDatabase(database)
  })
  return store
}

/** Looks at what became due while others were at it, as the collector does. */
async function collectDue(store: MetadataStore): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    for (const address of await store.listDue({ limit: 1000 }))
      await store.change('collect', { ...address, grace: 0, untagged: 0 })
  }
}

function keepsCounts(name: string, open: OpenStore): void {
  describe(`what namespaces use, on ${name}`, () => {
    test.each([1, 2, 3])('is what a recount finds after each of many changes (seed %i)', async (seed) => {
      const store = await open()
      const random = seeded(seed)
      const changes = new RandomChanges(store.change, random)
      const uploads = new RandomUploads(store.change, { random, name: 'u' })
      for (let step = 0; step < 150; step += 1) {
        await (random() < 0.6 ? changes : uploads).step()
        expect(await store.listMiscounted()).toEqual([])
      }
      for (const namespace of ['team', 'other', 'library'])
        expect(await store.findUsage({ namespace })).not.toMatchObject({ bytes: 0, repositories: 0 })
      expect(changes.refused + uploads.refused).toBeGreaterThan(0)
    })

    test.each([4, 5])('is that after changes that went on at once (seed %i)', async (seed) => {
      const store = await open()
      const many = Array.from({ length: 4 }, (_, index) => {
        const random = seeded(seed * 10 + index)
        // Their deletions and uploads must not share names.
        const own = (id: unknown) => (/^(?:upload|trash)-/.test(`${id}`) ? `${index}${id}` : id)
        const named: Change = (change, args) => {
          const { id, trash } = args as { id?: unknown; trash?: unknown }
          return store.change(change, {
            ...args,
            ...(id === undefined ? {} : { id: own(id) }),
            ...(trash === undefined ? {} : { trash: own(trash) }),
          })
        }
        return {
          changes: new RandomChanges(named, random),
          uploads: new RandomUploads(store.change, { random, name: `u${index}` }),
          random,
        }
      })
      for (let round = 0; round < 3; round += 1) {
        await Promise.all(
          many.map(async ({ changes, uploads, random }) => {
            for (let step = 0; step < 40; step += 1) await (random() < 0.7 ? changes : uploads).step()
          }),
        )
        await collectDue(store)
        expect(await store.listMiscounted()).toEqual([])
      }
    })
  })
}

keepsCounts('SQLite', () => onSqlite())

const server = postgresServer
if (requirePostgres('what namespaces use') && server) keepsCounts('PostgreSQL', () => onPostgres(server))

test('counts that went wrong are found, and are right when they are counted anew', async () => {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await onSqlite(path)
  await storeBlob(store)
  await store.change('putManifest', manifest('image'))
  const right = await store.findUsage({ namespace: 'team' })
  for (const damage of [
    'update usage set bytes = bytes + 1',
    'update usage set reserved = 5',
    'delete from usage',
    'delete from namespace_content',
    'update namespace_content set live = live + 1',
    "insert into namespace_content values ('team', 'sha256:more', 5, 1, 0)",
    'update repositories set counted = 0',
  ]) {
    const database = new Database(path)
    database.run(damage)
    database.close()
    expect([damage, await store.listMiscounted()]).toEqual([damage, ['team']])
    await store.change('recount', {})
    expect([damage, await store.listMiscounted()]).toEqual([damage, []])
    expect(await store.findUsage({ namespace: 'team' })).toEqual(right)
  }
})
