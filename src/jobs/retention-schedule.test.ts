import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import { retentionRule } from '../config/retention-rules.ts'
import type { Logger } from '../logging/logger.ts'
import { app, manifest, tag } from '../metadata/contract/fixtures.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { openSqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.ts'
import { PullRecorder } from '../registry/pull-recorder.ts'
import { readOnlyKey } from '../registry/read-only.ts'
import type { Registry } from '../registry/registry.ts'
import {
  lastRetentionRun,
  type RetentionJob,
  retentionTick,
  runRetentionWhenDue,
} from './retention-schedule.ts'

const hour = 3_600_000
const opened: MetadataStore[] = []

afterAll(async () => {
  for (const store of opened) await store.close()
})

/** A server's job on a store with the tags a and b, of which the rule keeps one, and a clock that can be set. */
async function prepared(rules: readonly string[] = ['** newest=1']) {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  opened.push(store)
  for (const name of ['a', 'b']) {
    await store.change('putManifest', manifest(name, { tags: [tag(name)] }))
    await Bun.sleep(2)
  }
  const start = await store.clock()
  const world = { passed: 0, trusted: true, stopped: false, logged: [] as unknown[] }
  const metadata: MetadataStore = { ...store, clock: async () => start + world.passed }
  const registry = {
    metadata,
    rules: { immutableTags: [], trashRetention: 0, readOnly: false },
  } as unknown as Registry
  const pulls = new PullRecorder(metadata)
  const job: RetentionJob = {
    registry,
    pulls,
    logger: {
      info: (message: string, fields: object) => world.logged.push([message, fields]),
    } as unknown as Logger,
    retention: {
      rules: rules.map((text) => retentionRule.parse(text) ?? expect.unreachable(text)),
      interval: hour,
    },
    mayRemove: async () => world.trusted,
    stopped: () => world.stopped,
  }
  const tags = async () => (await store.listTags({ repository: app, limit: 10 })).map(String)
  return { store, job, pulls, world, tags }
}

test('new rules are applied an interval after they were first seen, and each interval after that', async () => {
  const { store, job, world, tags } = await prepared()
  await runRetentionWhenDue(job)
  world.passed = hour - 1
  await runRetentionWhenDue(job)
  expect(await tags()).toEqual(['a', 'b'])
  world.passed = hour
  await runRetentionWhenDue(job)
  expect(await tags()).toEqual(['b'])
  expect(world.logged).toMatchObject([
    ['retention rules applied', { repositories: 1, kept: 1, removed: 1, manifests: 1 }],
  ])
  expect(await lastRetentionRun(store)).toMatchObject({ report: { removed: 1 } })
  world.passed = 2 * hour - 1
  await runRetentionWhenDue(job)
  expect(world.logged).toHaveLength(1)
  world.passed = 2 * hour
  await runRetentionWhenDue(job)
  expect(world.logged).toHaveLength(2)
})

test('rules that were changed wait for an interval of their own', async () => {
  const { job, world, tags } = await prepared(['** newest=5'])
  await runRetentionWhenDue(job)
  world.passed = hour
  await runRetentionWhenDue(job)
  const { retention } = (await prepared()).job
  const changed = { ...job, retention }
  world.passed = 5 * hour
  await runRetentionWhenDue(changed)
  expect(await tags()).toEqual(['a', 'b'])
  world.passed = 6 * hour
  await runRetentionWhenDue(changed)
  expect(await tags()).toEqual(['b'])
})

test('where the clock was set, the next run is an interval away', async () => {
  const { job, world, tags } = await prepared()
  await runRetentionWhenDue(job)
  world.passed = 100 * hour
  world.trusted = false
  await runRetentionWhenDue(job)
  world.trusted = true
  world.passed = 101 * hour - 1
  await runRetentionWhenDue(job)
  expect(await tags()).toEqual(['a', 'b'])
  // Set back to where it was: the time on record is of a future that does not come for long.
  world.passed = hour
  await runRetentionWhenDue(job)
  world.passed = 2 * hour
  await runRetentionWhenDue(job)
  expect(await tags()).toEqual(['b'])
})

test('does nothing while the registry is read-only, and what is due afterwards', async () => {
  const { store, job, world, tags } = await prepared()
  await runRetentionWhenDue(job)
  await store.change('setState', { key: readOnlyKey, value: 'on' })
  world.passed = 2 * hour
  await runRetentionWhenDue(job)
  expect(await tags()).toEqual(['a', 'b'])
  await store.change('setState', { key: readOnlyKey, value: null })
  await runRetentionWhenDue(job)
  expect(await tags()).toEqual(['b'])
})

test('without rules, or with an interval of none, nothing happens and nothing is written', async () => {
  const { store, job, world } = await prepared()
  for (const retention of [
    { rules: [], interval: hour },
    { ...job.retention, interval: 0 },
  ]) {
    await runRetentionWhenDue({ ...job, retention })
    world.passed += 100 * hour
    await runRetentionWhenDue({ ...job, retention })
  }
  expect(await lastRetentionRun(store)).toBeUndefined()
})

test('a run that was stopped is not on record, so that the rest is due at once', async () => {
  const { store, job, world } = await prepared()
  await runRetentionWhenDue(job)
  world.passed = hour
  world.stopped = true
  await runRetentionWhenDue(job)
  expect((await lastRetentionRun(store))?.report).toBeUndefined()
})

test('pulls of this minute are written before anything is judged by them', async () => {
  const { job, pulls, world } = await prepared(['** pulled=1h'])
  const { metadata } = job.registry
  const image = await metadata.findTagged({ repository: app, tag: tag('a') })
  await runRetentionWhenDue(job)
  world.passed = hour
  pulls.record({ repository: app, digest: image?.digest ?? expect.unreachable() })
  const judged: unknown[] = []
  const listTagAges: MetadataStore['listTagAges'] = async (page) => {
    const ages = await metadata.listTagAges(page)
    judged.push(ages.map(({ tag: name, pulledDay }) => [name, pulledDay !== undefined]))
    return ages
  }
  await runRetentionWhenDue({ ...job, registry: { ...job.registry, metadata: { ...metadata, listTagAges } } })
  expect(judged).toEqual([
    [
      ['b', false],
      ['a', true],
    ],
  ])
})

test('looks often enough that a server that restarts each hour comes to it', () => {
  expect(retentionTick({ rules: [], interval: 24 * hour })).toBe(60_000)
  expect(retentionTick({ rules: [], interval: 500 })).toBe(500)
  expect(retentionTick({ rules: [], interval: 0 })).toBe(60_000)
})
