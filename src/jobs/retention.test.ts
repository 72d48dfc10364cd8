import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import { retentionRule } from '../config/retention-rules.ts'
import { app, manifest, other, refersTo, tag } from '../metadata/contract/fixtures.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { openSqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.ts'
import { applyRetention, type Retention } from './retention.ts'

const day = 86_400_000
const opened: MetadataStore[] = []

afterAll(async () => {
  for (const store of opened) await store.close()
})

/** A store in which tags and pulls can be made older than they are. */
async function openStore() {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  opened.push(store)
  const database = new Database(path)
  const age = (name: string, days: number) =>
    database.run('update tags set updated_at = updated_at - ? where name = ?', [days * day, name])
  return { store, database, age }
}

/** Pushes an image with its tags, each so many days old. */
async function push(
  { store, age }: Awaited<ReturnType<typeof openStore>>,
  ages: Readonly<Record<string, number>>,
  { repository = app, content = Object.keys(ages).join() } = {},
) {
  const names = Object.keys(ages)
  const image = manifest(content, { repository, tags: names.map(tag) })
  await store.change('putManifest', image)
  for (const name of names) age(name, ages[name] ?? 0)
  return image
}

/** Pushes an image for each tag t0, t1, …, each a day older than the one before. */
async function pushSeries(opened: Awaited<ReturnType<typeof openStore>>, count: number, youngest: number) {
  const tags = Array.from({ length: count }, (_, index) => `t${index}`)
  await Promise.all(
    tags.map((name) => opened.store.change('putManifest', manifest(name, { tags: [tag(name)] }))),
  )
  const age = opened.database.transaction(() => {
    for (const [index, name] of tags.entries()) opened.age(name, youngest + index)
  })
  age()
}

let ids = 0

function newTrashId(): string {
  ids += 1
  return `trash-${String(ids).padStart(6, '0')}`
}

function job(store: MetadataStore, rules: readonly string[], more: Partial<Retention> = {}): Retention {
  return {
    metadata: store,
    rules: rules.map((text) => retentionRule.parse(text) ?? expect.unreachable(text)),
    immutableIn: () => [],
    newTrashId,
    ...more,
  }
}

const tagsIn = async (store: MetadataStore, repository = app) =>
  (await store.listTags({ repository, limit: 1000 })).map(String)

test('removes what no rule keeps, and a repository without a rule keeps everything', async () => {
  const opened = await openStore()
  const { store } = opened
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) await push(opened, { [name]: 10 * index })
  await push(opened, { old: 900 }, { repository: other })
  expect(await applyRetention(job(store, ['team/app newest=2']))).toEqual({
    repositories: 1,
    kept: 2,
    removed: 2,
    manifests: 2,
  })
  expect(await tagsIn(store)).toEqual(['a', 'b'])
  expect(await tagsIn(store, other)).toEqual(['old'])
})

test('a manifest goes at once with all tags that go, however far apart they are by age', async () => {
  const opened = await openStore()
  const { store } = opened
  const twice = await push(opened, { young: 10, ancient: 2000 })
  await pushSeries(opened, 300, 100)
  await push(opened, { newest: 0 })
  const half = await push(opened, { stays: 0.1, goes: 3000 })
  await applyRetention(job(store, ['** pushed=1d']))
  expect(await tagsIn(store)).toEqual(['newest', 'stays'])
  const trash = await store.listTrash({ limit: 1000 })
  expect(trash).toHaveLength(302)
  expect(trash.find(({ name }) => name === twice.digest)).toMatchObject({
    kind: 'manifest',
    caller: 'retention',
    tags: ['ancient', 'young'],
  })
  expect(trash.filter(({ kind }) => kind === 'tag')).toMatchObject([{ name: 'goes' }])
  expect(await store.findManifest({ repository: app, digest: half.digest })).toBeDefined()
})

test('a tag with an older one of its manifest that a pattern keeps goes alone', async () => {
  const opened = await openStore()
  const { store } = opened
  const image = await push(opened, { nightly: 10, v1: 20, build7: 30 })
  await applyRetention(job(store, ['** pushed=1d tags=v*']))
  expect(await tagsIn(store)).toEqual(['v1'])
  expect((await store.findTagged({ repository: app, tag: tag('v1') }))?.digest).toBe(image.digest)
})

test('a manifest with more tags than one transaction takes goes in the end', async () => {
  const opened = await openStore()
  const { store, database } = opened
  const names = Array.from({ length: 1300 }, (_, index) => `t${index}`)
  const image = manifest('many', { tags: names.map(tag) })
  await store.change('putManifest', image)
  database.run('update tags set updated_at = updated_at - ?', [10 * day])
  const report = await applyRetention(job(store, ['** pushed=1d']))
  expect(report).toMatchObject({ removed: 1300, manifests: 1 })
  expect(await tagsIn(store)).toEqual([])
})

test('never goes below the lower bound, and immutable tags stay', async () => {
  const opened = await openStore()
  const { store } = opened
  await pushSeries(opened, 450, 100)
  await push(opened, { v1: 5000 })
  const rules = ['** pushed=1d at-least=3']
  expect(await applyRetention(job(store, rules, { immutableIn: () => ['v*'] }))).toMatchObject({ kept: 3 })
  expect(await tagsIn(store)).toEqual(['t0', 't1', 'v1'])
  expect(await applyRetention(job(store, rules, { immutableIn: () => ['v*'] }))).toMatchObject({ removed: 0 })
})

test('goes by pulls, those of an index’s children as well', async () => {
  const opened = await openStore()
  const { store, database } = opened
  const child = manifest('child')
  await store.change('putManifest', child)
  const references = [refersTo(child.digest, 'child')]
  await store.change('putManifest', manifest('index', { kind: 'index', references, tags: [tag('index')] }))
  opened.age('index', 100)
  const pulled = await push(opened, { pulled: 100 })
  const pulledLongAgo = await push(opened, { 'pulled-long-ago': 100 })
  await push(opened, { 'never-pulled': 100 })
  await push(opened, { fresh: 1 })
  const since = String((await store.clock()) - 50 * day)
  await store.change('setState', { key: 'pulls-since', value: since })
  await store.change('recordPulls', {
    pulls: [child, pulled, pulledLongAgo].map(({ digest }) => ({ repository: app, digest })),
  })
  database.run('update pulls set day = day - ? where digest = ?', [60 * day, pulledLongAgo.digest])
  await applyRetention(job(store, ['** pulled=55d']))
  expect(await tagsIn(store)).toEqual(['fresh', 'index', 'never-pulled', 'pulled'])
  await applyRetention(job(store, ['** pulled=45d']))
  expect(await tagsIn(store)).toEqual(['fresh', 'index', 'pulled'])
})

test('where nobody knows since when pulls are recorded, everything may have been pulled today', async () => {
  const opened = await openStore()
  await push(opened, { a: 1000 })
  expect(await applyRetention(job(opened.store, ['** pulled=1s']))).toMatchObject({ removed: 0 })
})

test('the signature of an image stays as long as the image, and goes by the rule in the run after', async () => {
  const opened = await openStore()
  const { store } = opened
  const image = await push(opened, { v1: 10 })
  const signature = `${image.digest.replace(':', '-')}.sig`
  await push(opened, { [signature]: 10 })
  await push(opened, { v2: 0 })
  await applyRetention(job(store, ['** newest=2']))
  expect(await tagsIn(store)).toEqual([signature, 'v1', 'v2'].sort())
  await applyRetention(job(store, ['** newest=1']))
  expect(await tagsIn(store)).toEqual([signature, 'v2'])
  await applyRetention(job(store, ['** newest=1']))
  expect(await tagsIn(store)).toEqual(['v2'])
})

test('a tag that moves while the run goes on stays, and so does its manifest', async () => {
  const opened = await openStore()
  const { store } = opened
  await pushSeries(opened, 250, 100)
  const next = manifest('next', { tags: [tag('t249')] })
  let moved = false
  const progress = () => {
    if (!moved) void store.change('putManifest', next)
    moved = true
  }
  const report = await applyRetention(job(store, ['** pushed=1d'], { progress }))
  expect(report).toMatchObject({ removed: 249 })
  expect(await tagsIn(store)).toEqual(['t249'])
  expect((await store.findTagged({ repository: app, tag: tag('t249') }))?.digest).toBe(next.digest)
})

test('ends early when it is told to, and the next run finds the rest', async () => {
  const opened = await openStore()
  const { store } = opened
  await pushSeries(opened, 250, 100)
  let asked = 0
  const stopped = () => {
    asked += 1
    return asked > 2
  }
  const first = await applyRetention(job(store, ['** pushed=1d'], { stopped }))
  expect(first.removed).toBeGreaterThan(0)
  expect(first.removed).toBeLessThan(250)
  const second = await applyRetention(job(store, ['** pushed=1d']))
  expect(first.removed + second.removed).toBe(250)
})

test('looks at one repository alone if it is told which', async () => {
  const opened = await openStore()
  await push(opened, { a: 10 })
  await push(opened, { b: 10 }, { repository: other })
  const report = await applyRetention(job(opened.store, ['** pushed=1d'], { repository: other }))
  expect(report).toMatchObject({ repositories: 1, removed: 1 })
  expect(await tagsIn(opened.store)).toEqual(['a'])
})
