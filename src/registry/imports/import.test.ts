import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { DistributionTree } from '../../../test/support/distribution-tree.ts'
import { loadSettings } from '../../config/load.ts'
import { type DataDirectory, openDataDirectory } from '../../data-directory.ts'
import type { ChangeArguments, ChangeName } from '../../metadata/changes/changes.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import { rulesOf } from '../../rules.ts'
import type { Registry } from '../registry.ts'
import { UnfinishedHashes } from '../uploads/hashes.ts'
import { openDistribution } from './distribution/distribution-source.ts'
import { Findings } from './findings.ts'
import { importAll } from './import.ts'

const app = parseRepositoryName('app')

interface Setup {
  readonly tree: DistributionTree
  readonly data: DataDirectory
}

async function setUp(): Promise<Setup> {
  const tree = new DistributionTree(await temporaryDirectory())
  return { tree, data: await openDataDirectory({ data: join(await temporaryDirectory(), 'data') }) }
}

/** @param before told of each change before it is made */
async function runImport(
  { tree, data }: Setup,
  before: (name: ChangeName, args: unknown) => Promise<unknown> = async () => undefined,
  more: Partial<Registry> = {},
) {
  const findings = new Findings()
  const registry: Registry = {
    metadata: {
      ...data.metadata,
      change: (name, args) => before(name, args).then(() => data.metadata.change(name, args)),
    },
    blobs: data.blobs,
    rules: { ...rulesOf(loadSettings({ flags: {}, environment: {} })), minFree: 0 },
    hashes: new UnfinishedHashes(),
    now: () => Date.now(),
    newId: () => crypto.randomUUID(),
    newTrashId: () => Bun.randomUUIDv7(),
    pulled: () => undefined,
    ...more,
  }
  const source = await openDistribution(tree.directory, findings)
  const job = { registry, source, means: 'either', overwrite: false, findings, wanted: () => true } as const
  return { tally: await importAll(job), findings }
}

/** What a collector without any grace does at the worst moment. */
function takesBefore(data: DataDirectory, digest: Digest, times: number) {
  let taken = 0
  return async (name: ChangeName, args: unknown) => {
    if (name !== 'putManifest' || taken === times) return
    if ((args as ChangeArguments<'putManifest'>).references.some((one) => one.digest === digest)) {
      taken += 1
      await data.metadata.change('unlinkBlob', { repository: app, digest })
    }
  }
}

test('what the collector takes before its manifest comes, is brought again', async () => {
  const setup = await setUp()
  const { tree, data } = setup
  const image = tree.image('app', ['one', 'two'], { tags: ['1'] })
  const { findings, tally } = await runImport(setup, takesBefore(data, tree.data('two'), 3))
  expect(findings.skipped).toEqual([])
  expect(tally.blobs.linked).toBe(3 + 3)
  expect((await data.metadata.findTagged({ repository: app, tag: '1' as never }))?.digest).toBe(image)
  expect(await data.metadata.findBlob({ repository: app, digest: tree.data('two') })).toBeDefined()
  await data[Symbol.asyncDispose]()
})

test('a collector that takes it every time is told of, and does not hold the import up for ever', async () => {
  const setup = await setUp()
  const { tree, data } = setup
  tree.image('app', ['one', 'two'])
  const { findings } = await runImport(setup, takesBefore(data, tree.data('two'), Number.POSITIVE_INFINITY))
  expect(findings.skipped).toMatchObject([{ reason: expect.stringContaining('gc.grace') }])
  await data[Symbol.asyncDispose]()
})

test('a blob stays while another of its manifest takes longer than the grace', async () => {
  const setup = await setUp()
  const { tree, data } = setup
  tree.image('app', ['quick', 'slow'])
  const collection = { repository: app, digest: tree.data('quick'), grace: 200, untagged: null }
  let collecting = true
  const collector = (async () => {
    while (collecting) {
      await data.metadata.change('collect', collection)
      await Bun.sleep(10)
    }
  })()
  const settings = loadSettings({ flags: { 'gc.grace': '200ms', 'storage.min-free': '0' }, environment: {} })
  const slow = async (name: ChangeName, args: unknown) => {
    if (name === 'openUpload' && (args as ChangeArguments<'openUpload'>).targetKey?.includes(slowHex))
      await Bun.sleep(1000)
  }
  const slowHex = tree.data('slow').slice('sha256:'.length)
  const { findings, tally } = await runImport(setup, slow, { rules: rulesOf(settings) })
  collecting = false
  await collector
  expect(findings.skipped).toEqual([])
  expect(tally.blobs.linked).toBe(3)
  await data[Symbol.asyncDispose]()
})

test('a child that is taken before its index comes, is brought again', async () => {
  const setup = await setUp()
  const { tree, data } = setup
  const child = tree.image('app', ['one'])
  const index = tree.index('app', [child], { tags: ['1'] })
  let taken = false
  const { findings } = await runImport(setup, async (name, args) => {
    if (taken || name !== 'putManifest') return
    const put = args as ChangeArguments<'putManifest'>
    if (put.digest !== index) return
    taken = true
    const deletion = { repository: app, digest: child, caller: '', immutable: [], trash: null }
    await data.metadata.change('deleteManifest', deletion)
  })
  expect(taken).toBe(true)
  expect(findings.skipped).toEqual([])
  expect(await data.metadata.findManifest({ repository: app, digest: child })).toBeDefined()
  await data[Symbol.asyncDispose]()
})

test('a full storage ends the import: what follows would fail too', async () => {
  const setup = await setUp()
  for (let number = 0; number < 50; number += 1) setup.tree.image('app', [`${number}`])
  const { data } = setup
  const blobs: Registry['blobs'] = Object.assign(Object.create(data.blobs), { freeSpace: async () => -1 })
  await expect(runImport(setup, undefined, { blobs })).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  await data[Symbol.asyncDispose]()
})

test('a quarantined blob is healed by what the source has', async () => {
  const setup = await setUp()
  const { tree, data } = setup
  tree.image('app', ['layer'], { tags: ['1'] })
  await runImport(setup)
  const address = { repository: app, digest: tree.data('layer') }
  const before = await data.metadata.findBlob(address)
  await data.metadata.change('quarantineBlob', { ...address, objectKey: before?.objectKey ?? '' })
  const { tally } = await runImport(setup)
  expect(tally.blobs).toEqual({ linked: 1, copied: 0, mounted: 0 })
  expect(await data.metadata.findBlob(address)).toMatchObject({ damaged: false })
  await data[Symbol.asyncDispose]()
})
