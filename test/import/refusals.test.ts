import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { DistributionTree } from '../support/distribution-tree.ts'
import { importResult } from '../support/imports.ts'
import { manifestStatus, servedImage } from '../support/served-image.ts'

const newTree = async () => new DistributionTree(await temporaryDirectory())
const newData = async () => join(await temporaryDirectory(), 'data')

/** What the registry made of a data directory answers for these manifests. */
async function statuses(data: string, names: readonly (readonly [string, string])[]): Promise<number[]> {
  const berth = await startBerth({ data })
  const found = []
  for (const [repository, reference] of names)
    found.push(await manifestStatus(berth.url, { repository, reference }))
  await berth.stop()
  return found
}

test('a damaged blob is told of with what needs it, the rest comes, and a run after its repair brings it', async () => {
  const tree = await newTree()
  const broken = tree.image('app', ['base', 'broken'], { tags: ['broken'] })
  tree.image('app', ['base', 'sound'], { tags: ['sound'] })
  const blob = tree.data('broken')
  tree.file(tree.dataFile(blob), 'brokem')
  const data = await newData()
  for (const means of ['--copy', '--link']) {
    const outcome = await importResult(['registry', tree.directory, '--data', data, means])
    expect(outcome.exitCode).toBe(1)
    expect(outcome.skipped).toEqual([
      { repository: 'app', subject: blob, reason: expect.stringContaining('is damaged') },
      { repository: 'app', subject: broken, reason: expect.stringContaining(`it needs ${blob}`) },
      { repository: 'app', subject: 'tag broken', reason: expect.stringContaining('did not come') },
    ])
  }
  expect(
    await statuses(data, [
      ['app', 'broken'],
      ['app', broken],
      ['app', 'sound'],
    ]),
  ).toEqual([404, 404, 200])
  tree.data('broken')
  const repaired = await importResult(['registry', tree.directory, '--data', data])
  expect(repaired).toMatchObject({
    exitCode: 0,
    manifests: { imported: 1 },
    tags: { imported: 1, present: 1 },
  })
  expect(await statuses(data, [['app', 'broken']])).toEqual([200])
})

test('a damaged manifest is never stored; an index may lack it, as the setting allows', async () => {
  const tree = await newTree()
  const [child, other] = [tree.image('app', ['one']), tree.image('app', ['two'])]
  tree.index('app', [child, other], { tags: ['multi'] })
  tree.file(tree.dataFile(child), '{"schemaVersion": 2}')
  const data = await newData()
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome).toMatchObject({ exitCode: 1, skipped: [{ subject: child }], manifests: { imported: 2 } })
  const strict = await newData()
  const refused = await importResult(['registry', tree.directory, '--data', strict], {
    BERTH_MANIFESTS_MISSING: 'none',
  })
  expect(refused.skipped.map(({ subject }) => subject)).toEqual([
    child,
    expect.stringContaining('sha256:'),
    'tag multi',
  ])
})

test('an image without one of its blobs comes where the setting allows it', async () => {
  const tree = await newTree()
  tree.image('app', ['there', 'gone'], { tags: ['1'] })
  await rm(tree.layerLink('app', tree.data('gone')))
  const data = await newData()
  const refused = await importResult(['registry', tree.directory, '--data', data])
  expect(refused.skipped.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('which the source does not have'),
    expect.stringContaining('did not come'),
  ])
  const env = { BERTH_MANIFESTS_MISSING: 'all' }
  expect(await importResult(['registry', tree.directory, '--data', data], env)).toMatchObject({
    exitCode: 0,
    tags: { imported: 1 },
  })
})

test('a blob whose bytes are missing is told of', async () => {
  const tree = await newTree()
  tree.image('app', ['layer'], { tags: ['1'] })
  await rm(tree.dataFile(tree.data('layer')))
  const outcome = await importResult(['registry', tree.directory, '--data', await newData()])
  expect(outcome.exitCode).toBe(1)
  expect(outcome.skipped[0]?.reason).toContain('is missing')
})

test('a manifest whose link is gone or empty was deleted, and its tag is told of', async () => {
  const tree = await newTree()
  const deleted = tree.image('app', ['one'], { tags: ['dangling'] })
  const emptied = tree.image('app', ['two'])
  tree.image('app', ['three'], { tags: ['kept'] })
  await rm(tree.revisionLink('app', deleted))
  tree.file(tree.revisionLink('app', emptied), '')
  const data = await newData()
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome).toMatchObject({ exitCode: 1, manifests: { imported: 1 } })
  expect(outcome.skipped).toEqual([
    { repository: 'app', subject: 'tag dangling', reason: expect.stringContaining('was deleted') },
  ])
  expect(
    await statuses(data, [
      ['app', deleted],
      ['app', emptied],
      ['app', 'kept'],
    ]),
  ).toEqual([404, 404, 200])
})

test('schema 1, foreign manifest types and what is no manifest are told of', async () => {
  const tree = await newTree()
  tree.manifest('app', JSON.stringify({ schemaVersion: 1, name: 'app', tag: 'old', fsLayers: [] }), {
    tags: ['old'],
  })
  tree.manifest('app', JSON.stringify({ schemaVersion: 2, mediaType: 'application/x.unknown' }))
  tree.manifest('app', 'no JSON')
  const outcome = await importResult(['registry', tree.directory, '--data', await newData()])
  expect(outcome.exitCode).toBe(1)
  expect(outcome.skipped.map(({ reason }) => reason).sort()).toEqual([
    expect.stringContaining('schema 1'),
    expect.stringContaining('application/x.unknown'),
    expect.stringContaining('did not come'),
    expect.stringContaining('not a manifest'),
  ])
})

test('symbolic links are followed nowhere', async () => {
  const tree = await newTree()
  const secret = join(await temporaryDirectory(), 'secret')
  await writeFile(secret, 'not for the registry')
  tree.image('app', ['layer'], { tags: ['1'] })
  const layer = tree.dataFile(tree.data('layer'))
  await rm(layer)
  await symlink(secret, layer)
  const elsewhere = await newTree()
  elsewhere.image('hidden', ['x'], { tags: ['1'] })
  await symlink(elsewhere.repository('hidden'), tree.repository('hidden'))
  tree.image('moved', ['y'], { tags: ['1'] })
  const folder = tree.repository('moved', '_manifests/tags')
  await rename(folder, join(tree.directory, 'tags'))
  await symlink(join(tree.directory, 'tags'), folder)
  const data = await newData()
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome.exitCode).toBe(1)
  expect(outcome.ignored).toEqual([
    { path: tree.repository('hidden'), reason: 'symbolic links are not followed' },
  ])
  expect(outcome.skipped.map(({ repository }) => repository).sort()).toEqual(['app', 'app', 'app', 'moved'])
  expect(
    await statuses(data, [
      ['app', '1'],
      ['hidden', '1'],
      ['moved', '1'],
    ]),
  ).toEqual([404, 404, 404])
})

test('names outside the grammar are told of, and foreign files are passed by', async () => {
  const tree = await newTree()
  tree.image('good', ['layer'], { tags: ['1'] })
  tree.image('BadName', ['layer'], { tags: ['1'] })
  tree.file(tree.repository('good', '_manifests/tags/.hidden/current/link'), '')
  tree.file(tree.repository('.DS_Store'), 'x')
  tree.file(tree.repository('good', '_manifests/revisions/sha256/junk'), 'x')
  tree.file(tree.repository('good', '_layers/junk'), 'x')
  const outcome = await importResult(['registry', tree.directory, '--data', await newData()])
  expect(outcome.skipped.map(({ repository, reason }) => [repository, reason])).toEqual([
    ['BadName', 'this is not a repository name'],
    ['good', 'this is not a tag'],
  ])
  expect(outcome.ignored.map(({ path }) => path).sort()).toEqual([
    tree.repository('.DS_Store'),
    tree.repository('good', '_manifests/revisions/sha256/junk'),
  ])
  expect(outcome).toMatchObject({ exitCode: 1, manifests: { imported: 1 } })
})

test('a named pipe in place of a blob holds nothing up', async () => {
  const tree = await newTree()
  tree.image('app', ['layer'], { tags: ['1'] })
  const layer = tree.dataFile(tree.data('layer'))
  await rm(layer)
  expect(await Bun.spawn(['mkfifo', layer]).exited).toBe(0)
  const outcome = await importResult(['registry', tree.directory, '--data', await newData()])
  expect(outcome.skipped[0]?.reason).toContain('not a regular file')
})

test('a blob on another filesystem is copied, and skipped with --link', async () => {
  const other = '/dev/shm'
  if (!existsSync(other)) throw new Error(`the test needs ${other}, a filesystem of its own`)
  const directory = join(other, `berth-test-${crypto.randomUUID()}`)
  await mkdir(directory)
  try {
    const tree = new DistributionTree(directory)
    tree.image('app', ['layer'], { tags: ['1'] })
    const linked = await importResult(['registry', directory, '--data', await newData(), '--link'])
    expect(linked.exitCode).toBe(1)
    expect(linked.skipped[0]?.reason).toContain('another filesystem')
    const data = await newData()
    const outcome = await importResult(['registry', directory, '--data', data])
    expect(outcome).toMatchObject({ exitCode: 0, blobs: { copied: 2 } })
    const berth = await startBerth({ data })
    await servedImage(berth.url, { repository: 'app', reference: '1' })
    await berth.stop()
  } finally {
    await rm(directory, { recursive: true })
  }
})
