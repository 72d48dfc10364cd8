import { afterAll, expect, test } from 'bun:test'
import {
  administer,
  dropDatabase,
  makeDatabase,
  optionsFor,
  postgresServer,
  requirePostgres,
} from '../../../test/support/postgres.ts'
import type { ManifestPut } from '../changes/manifests.ts'
import { app, deletion, hour, manifest, tag } from '../contract/fixtures.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'

const runs = requirePostgres('tags that are moved at once')
const databases: string[] = []

afterAll(async () => {
  for (const database of databases) await dropDatabase(database)
})

/** What a storm of changes does to a new store. @returns how often PostgreSQL had to end one of them */
async function deadlocksOf(storm: (store: MetadataStore) => Promise<void>): Promise<number> {
  const database = await makeDatabase(postgresServer ?? '')
  databases.push(database)
  const store = await openPostgresMetadataStore(optionsFor(database))
  await storm(store)
  // Its connections tell what they counted as they end.
  await store.close()
  const name = new URL(database).pathname.slice(1)
  const asked = `select deadlocks::int from pg_stat_database where datname = '${name}'`
  return (await administer<{ deadlocks: number }>(postgresServer ?? '', asked))[0]?.deadlocks ?? -1
}

/** Six at once, each many times. */
async function atOnce(rounds: number, work: (one: number, round: number) => Promise<unknown>): Promise<void> {
  await Promise.all(
    Array.from({ length: 6 }, async (_, one) => {
      for (let round = 0; round < rounds; round += 1) await work(one, round)
    }),
  )
}

const images = [manifest('one'), manifest('two')] as const

/** One of the two in turn. */
function image(count: number): ManifestPut {
  return count % 2 === 0 ? images[0] : images[1]
}

test.skipIf(!runs)(
  'tags that move between the same manifests in opposite directions wait for no circle',
  async () => {
    const deadlocks = await deadlocksOf(async (store) => {
      await atOnce(50, (one, round) => {
        const image = images[(one + round) % 2] ?? images[0]
        return store.change('putManifest', { ...image, tags: [tag(`t${one}`), tag('latest')] })
      })
      expect((await store.listTags({ repository: app, limit: 100 })).length).toBe(7)
    })
    expect(deadlocks).toBe(0)
  },
)

test.skipIf(!runs)(
  'tags that are pushed, put, deleted, retired and restored at once wait for no circle',
  async () => {
    const by = { repository: app, caller: 'tester', immutable: [], grace: hour }
    const deadlocks = await deadlocksOf(async (store) => {
      for (const each of images) await store.change('putManifest', each)
      await atOnce(50, async (one, round) => {
        const { digest } = image(one + round)
        const moved = tag(`t${one % 3}`)
        if (one === 5) {
          const trash = `trash ${round}`
          await store.change('deleteTag', { ...by, tag: moved, ...deletion, trash })
          const restoration = { id: trash, tag: tag('t1'), limit: 10 }
          await store
            .change('restoreTrash', { ...by, ...restoration, repository: null })
            .catch(() => undefined)
        } else if (one === 4) {
          const tags = await store.listTagsOf({ repository: app, digest, limit: 100 })
          const due = tags.map((age) => ({ ...age, trash: null }))
          await store.change('retireTags', { ...by, digest, tags: due })
          await store.change('putManifest', { ...image(one), tags: [moved, tag('latest')] })
        } else if (one % 2 === 0) await store.change('putTag', { ...by, digest, tag: moved })
        else await store.change('putManifest', { ...image(round), tags: [tag('latest'), moved] })
      })
    })
    expect(deadlocks).toBe(0)
  },
)
