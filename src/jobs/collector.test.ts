import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import { temporaryDirectory } from '../../test/support/berth.ts'
import { MemoryBlobStore } from '../blobs/memory/memory-blob-store.ts'
import {
  app,
  deletion,
  manifest,
  newId,
  other,
  refersTo,
  storeBlob,
  tag,
} from '../metadata/contract/fixtures.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { openSqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.ts'
import { type PreviewItem, previewCollection } from './collection-preview.ts'
import { type CollectorRules, collectGarbage } from './collector.ts'

const opened: MetadataStore[] = []

afterAll(async () => {
  for (const store of opened) await store.close()
})

async function open(): Promise<MetadataStore> {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  opened.push(store)
  return store
}

const rules: CollectorRules = {
  grace: 400,
  untagged: null,
  keepObjects: 0,
  uploadAge: 3_600_000,
  trashRetention: 3_600_000,
}

const graceIsOver = () => Bun.sleep(rules.grace + 20)

const pushed = fc.record({
  what: fc.constantFrom('image', 'index', 'referrer'),
  repository: fc.constantFrom(app, other),
  number: fc.nat({ max: 5 }),
  layers: fc.uniqueArray(fc.nat({ max: 6 }), { maxLength: 3 }),
  tagged: fc.boolean(),
})
const deleted = fc.record({
  what: fc.constantFrom('tag', 'manifest', 'repository'),
  repository: fc.constantFrom(app, other),
  number: fc.nat({ max: 5 }),
  trash: fc.boolean(),
})

type Push = typeof pushed extends fc.Arbitrary<infer T> ? T : never
type Deletion = typeof deleted extends fc.Arbitrary<infer T> ? T : never

async function push(store: MetadataStore, { what, repository, number, layers, tagged }: Push): Promise<void> {
  const images = layers.map((layer) => manifest(`image ${layer}`, { repository }).digest)
  const blobs = []
  for (const layer of what === 'index' ? [] : layers)
    blobs.push((await storeBlob(store, { repository, content: `layer ${layer}`, grace: 0 })).digest)
  const subject = images[0] ?? null
  await store.change(
    'putManifest',
    manifest(`${what} ${number}`, {
      repository,
      kind: what === 'index' ? 'index' : 'image',
      subject: what === 'referrer' ? subject : null,
      references: [
        ...blobs.map((digest) => refersTo(digest)),
        ...(what === 'index' ? images.map((digest) => refersTo(digest, 'child')) : []),
      ],
      tags: tagged ? [tag(`t${number}`)] : [],
      missing: 'all',
      grace: 0,
    }),
  )
}

/** A deletion that is refused, because something needs what it would take, is one that did not happen. */
async function remove(store: MetadataStore, { what, repository, number, trash }: Deletion): Promise<void> {
  const args = { ...deletion, repository, trash: trash ? newId() : null }
  const { digest } = manifest(`image ${number}`)
  const done =
    what === 'tag'
      ? store.change('deleteTag', { ...args, tag: tag(`t${number}`) })
      : what === 'manifest'
        ? store.change('deleteManifest', { ...args, digest })
        : store.change('deleteRepository', { ...args, limit: 100 })
  await (done as Promise<unknown>).catch(() => undefined)
}

async function contentOf(store: MetadataStore): Promise<Set<string>> {
  const content = new Set<string>()
  for (const { repository, digest } of await store.listManifests({ limit: 1000 }))
    content.add(`manifest ${repository}@${digest}`)
  for (const { digest } of await store.listBlobs({ limit: 1000 }))
    for (const repository of await store.listHolders({ digest, limit: 1000 }))
      content.add(`link ${repository}@${digest}`)
  return content
}

test('takes away exactly what it foretold, whatever was pushed and deleted before', async () => {
  let went = 0
  const operations = fc.array(fc.oneof({ arbitrary: pushed, weight: 3 }, deleted), {
    minLength: 15,
    maxLength: 40,
  })
  const property = fc.asyncProperty(
    operations,
    fc.constantFrom(null, 0),
    fc.constantFrom(0, rules.trashRetention),
    async (done, untagged, trashRetention) => {
      const store = await open()
      const job = { metadata: store, rules: { ...rules, untagged, trashRetention } }
      for (const operation of done)
        await ('layers' in operation ? push(store, operation) : remove(store, operation))
      await graceIsOver()
      const before = await contentOf(store)
      const found: PreviewItem[] = []
      const preview = await previewCollection({ ...job, found: (item) => found.push(item) })
      expect(await contentOf(store)).toEqual(before)
      const collected = await collectGarbage({ ...job, blobs: new MemoryBlobStore() })
      const after = await contentOf(store)
      const foretold = found.map(({ kind, repository, digest }) => `${kind} ${repository}@${digest}`)
      expect([...before].filter((item) => !after.has(item)).sort()).toEqual(foretold.sort())
      expect(collected).toMatchObject({ manifests: preview.manifests, links: preview.links })
      // Every object of this run is removed at once: keepObjects is 0.
      expect(collected.bytes).toBe(preview.bytes + preview.doomedBytes)
      went += foretold.length
    },
  )
  await fc.assert(property, { numRuns: 12, endOnFailure: true })
  expect(went).toBeGreaterThan(10)
}, 60_000)

test('a run with nothing to do changes nothing', async () => {
  const store = await open()
  const { digest } = await storeBlob(store)
  await store.change('putManifest', manifest('image', { references: [refersTo(digest)], tags: [tag('a')] }))
  await collectGarbage({ metadata: store, blobs: new MemoryBlobStore(), rules })
  const collected = await collectGarbage({ metadata: store, blobs: new MemoryBlobStore(), rules })
  expect(collected).toEqual({ uploads: 0, trash: 0, manifests: 0, links: 0, objects: 0, bytes: 0 })
})

test('a run that is told to stop ends between two transactions, and the next goes on', async () => {
  const store = await open()
  for (let blob = 0; blob < 100; blob += 1) await storeBlob(store, { content: `blob ${blob}`, grace: 0 })
  await graceIsOver()
  const job = { metadata: store, blobs: new MemoryBlobStore(), rules }
  let asked = 0
  const stopped = () => {
    asked += 1
    return asked > 2
  }
  const first = await collectGarbage({ ...job, stopped })
  expect(first.links).toBeGreaterThan(0)
  expect(first.links).toBeLessThan(100)
  const second = await collectGarbage(job)
  expect(first.links + second.links).toBe(100)
})

test('tells whoever watches how far it is', async () => {
  const store = await open()
  for (let blob = 0; blob < 70; blob += 1) await storeBlob(store, { content: `blob ${blob}`, grace: 0 })
  await graceIsOver()
  const states: { done: number; due: number }[] = []
  const progress = (state: { done: number; due: number }) => states.push(state)
  await collectGarbage({ metadata: store, blobs: new MemoryBlobStore(), rules, progress })
  expect(states.at(-1)).toEqual({ done: 70, due: 70 })
  expect(states.length).toBeGreaterThan(1)
})
