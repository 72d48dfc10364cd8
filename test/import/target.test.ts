import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { DistributionTree } from '../support/distribution-tree.ts'
import { berthImport, changesOf, importResult } from '../support/imports.ts'
import { manifestUrl, pushImage } from '../support/push.ts'
import { servedImage } from '../support/served-image.ts'

const newTree = async () => new DistributionTree(await temporaryDirectory())
const newData = async () => join(await temporaryDirectory(), 'data')

test('a dry run tells what would come, and changes nothing', async () => {
  const tree = await newTree()
  for (const name of ['b', 'a']) tree.image(name, ['shared layer', `layer of ${name}`], { tags: ['1', '2'] })
  const data = await newData()
  const plan = await berthImport([
    'registry',
    tree.directory,
    '--data',
    data,
    '--dry-run',
    '--output',
    'json',
  ])
  expect(plan.exitCode).toBe(0)
  const { repositories } = JSON.parse(plan.stdout)
  expect(repositories).toMatchObject([
    { repository: 'a', manifests: 1, tags: 2 },
    { repository: 'b', manifests: 1, tags: 2 },
  ])
  expect(existsSync(data)).toBe(false)

  const outcome = await importResult(['registry', tree.directory, '--data', data])
  const sum = (key: 'blobs' | 'bytes') =>
    repositories.reduce((all: number, one: Record<string, number>) => all + (one[key] ?? 0), 0)
  expect(outcome.blobs.linked).toBe(sum('blobs'))
  expect(outcome.bytes.linked).toBe(sum('bytes'))
  const rest = await berthImport(['registry', tree.directory, '--data', data, '--dry-run'])
  expect(rest.stdout).toContain('2 repositories: 0 manifests, 0 tags, 0 blobs of 0 B would come')
})

test('a dry run tells what would be skipped', async () => {
  const tree = await newTree()
  tree.manifest('app', JSON.stringify({ schemaVersion: 1 }), { tags: ['old'] })
  const plan = await berthImport(['registry', tree.directory, '--data', await newData(), '--dry-run'])
  expect(plan.exitCode).toBe(1)
  expect(plan.stdout).toContain('schema 1')
})

test('the summary is for people', async () => {
  const tree = await newTree()
  tree.image('app', ['layer'], { tags: ['1'] })
  tree.image('Wrong', ['layer'], { tags: ['1'] })
  const { stdout, exitCode } = await berthImport(['registry', tree.directory, '--data', await newData()])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/^1 repository in /)
  expect(stdout).toMatch(/^blobs linked +2 /m)
  expect(stdout).toContain('Skipped, 1 thing:\n  Wrong  ')
})

test('a tag that was moved or deleted here since stays so, unless it is to be overwritten', async () => {
  const tree = await newTree()
  const imported = tree.image('app', ['imported'], { tags: ['moved', 'deleted', 'same'] })
  const data = await newData()
  await importResult(['registry', tree.directory, '--data', data])
  const berth = await startBerth({ data })
  const remote = { url: berth.url, repository: 'app' }
  const { digest } = await pushImage(remote, { reference: 'moved', content: 'pushed here' })
  await fetch(manifestUrl(remote, 'deleted'), { method: 'DELETE' })

  const kept = await importResult(['registry', tree.directory, '--data', data])
  expect(kept.skipped.map(({ subject }) => subject).sort()).toEqual(['tag deleted', 'tag moved'])
  expect(kept).toMatchObject({ exitCode: 1, tags: { imported: 0, present: 1 } })
  expect((await servedImage(berth.url, { repository: 'app', reference: 'moved' })).digest).toBe(digest)

  const overwritten = await importResult(['registry', tree.directory, '--data', data, '--overwrite'])
  expect(overwritten).toMatchObject({ exitCode: 0, tags: { imported: 2, present: 1 } })
  for (const reference of ['moved', 'deleted', 'same'])
    expect((await servedImage(berth.url, { repository: 'app', reference })).digest).toBe(imported)
  await berth.stop()
})

test('an immutable tag stays where it is, and its new manifest comes without it', async () => {
  const tree = await newTree()
  const first = tree.image('app', ['first'], { tags: ['v1'] })
  const data = await newData()
  const berth = await startBerth({ data, args: ['--tags-immutable', 'all'] })
  await importResult(['registry', tree.directory, '--data', data])
  const second = tree.image('app', ['second'], { tags: ['v1', 'v2'] })
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome).toMatchObject({ exitCode: 1, manifests: { imported: 1 }, tags: { imported: 1 } })
  expect(outcome.skipped).toEqual([
    { repository: 'app', subject: 'tag v1', reason: expect.stringContaining('immutable') },
  ])
  const digestOf = async (reference: string) =>
    (await servedImage(berth.url, { repository: 'app', reference })).digest
  expect([await digestOf('v1'), await digestOf('v2'), await digestOf(second)]).toEqual([
    first,
    second,
    second,
  ])
  await berth.stop()
})

test('what a repository here holds already is not read again', async () => {
  const tree = await newTree()
  const data = await newData()
  const berth = await startBerth({ data })
  const pushed = await pushImage({ url: berth.url, repository: 'other' }, { content: 'the same layer' })
  tree.manifest('app', pushed.manifest, { tags: ['1'] })
  tree.blob('app', 'the same layer')
  tree.blob('app', '{}')
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome.blobs).toEqual({ linked: 0, copied: 0, mounted: 2 })
  await servedImage(berth.url, { repository: 'app', reference: '1' })
  await berth.stop()
})

test('a registry that is read-only takes no import', async () => {
  const tree = await newTree()
  tree.image('app', ['layer'], { tags: ['1'] })
  const data = await newData()
  const berth = await startBerth({ data, args: ['--server-read-only', 'true'] })
  const { exitCode, stderr } = await berthImport(['registry', tree.directory, '--data', data])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('read-only')
  await berth.stop()
})

test('no registry is made among other things', async () => {
  const tree = await newTree()
  tree.image('app', ['layer'], { tags: ['1'] })
  const data = await temporaryDirectory()
  await mkdir(join(data, 'photos'))
  await writeFile(join(data, 'letter.txt'), 'dear …')
  const { exitCode, stderr } = await berthImport(['registry', tree.directory, '--data', data])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('holds other things')
  expect((await readdir(data)).sort()).toEqual(['letter.txt', 'photos'])
})

test('a directory that holds no registry is refused before anything is made', async () => {
  const data = await newData()
  for (const directory of [await temporaryDirectory(), '/nowhere/at/all']) {
    const { exitCode, stderr } = await berthImport(['registry', directory, '--data', data])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(directory)
    expect(stderr).not.toContain('    at ')
  }
  expect(existsSync(data)).toBe(false)
})

test.each([
  [['registry'], 'DIR is missing'],
  [['registry', 'a', 'b'], 'one argument too many'],
  [['registry', 'a', '--link', '--copy'], 'exclude each other'],
  [['registry', 'a', '--output', 'xml'], '--output is text or json'],
  [['oci', 'a', 'Not/A/Name'], 'is not a repository name'],
  [['oci', 'a', 'name:.tag'], 'is not a tag'],
  [['oci', 'a', 'name', '--repository', 'x'], 'leave NAME out'],
])('berth import %j is wrong usage', async (args, reason) => {
  const { exitCode, stderr } = await berthImport(args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(reason)
})

test('an import is told in the history of its tags', async () => {
  const tree = await newTree()
  const first = tree.image('app', ['first'], { tags: ['1'] })
  const data = await newData()
  await importResult(['registry', tree.directory, '--data', data])
  const again = await importResult(['registry', tree.directory, '--data', data])
  expect(changesOf(again).tags).toBe(0)
  const database = new Database(join(data, 'metadata.sqlite'), { readonly: true })
  expect(database.query('select tag, digest, caller from tag_history').all()).toEqual([
    { tag: '1', digest: first, caller: 'import' },
  ])
  database.close()
})
