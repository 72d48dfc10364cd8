import { expect, test } from 'bun:test'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { DistributionTree } from '../support/distribution-tree.ts'
import { changesOf, importResult } from '../support/imports.ts'
import { manifestStatus, servedImage } from '../support/served-image.ts'

const newTree = async () => new DistributionTree(await temporaryDirectory())
const newData = async () => join(await temporaryDirectory(), 'data')

async function objectsIn(data: string): Promise<string[]> {
  const names = await readdir(join(data, 'blobs'), { recursive: true })
  return names.filter((name) => /[0-9a-f]{64}\./.test(name)).sort()
}

test('everything that a repository holds comes over, and is served bit for bit', async () => {
  const tree = await newTree()
  const [one, two] = [
    tree.image('library/app', ['base', 'one'], { tags: ['1', 'latest'] }),
    tree.image('library/app', ['base', 'two']),
  ]
  const index = tree.index('library/app', [one, two], { tags: ['multi'] })
  const nested = tree.image('library/app/nested/deeper', ['base'], { tags: ['v1'] })
  const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: one, size: 2 }
  const signature = tree.image('library/app', ['signature'], {
    subject,
    artifactType: 'application/x.signature',
  })
  const data = await newData()
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome).toMatchObject({
    exitCode: 0,
    repositories: 2,
    manifests: { imported: 5, present: 0 },
    tags: { imported: 4, present: 0 },
    skipped: [],
    ignored: [],
  })

  const berth = await startBerth({ data })
  const served = (repository: string, reference: string) => servedImage(berth.url, { repository, reference })
  for (const tag of ['1', 'latest']) expect((await served('library/app', tag)).digest).toBe(one)
  const multi = await served('library/app', 'multi')
  expect(multi.digest).toBe(index)
  expect(multi.digests).toContain(two)
  expect((await served('library/app/nested/deeper', 'v1')).digest).toBe(nested)
  const referrers = await fetch(`${berth.url}/v2/library/app/referrers/${one}`)
  expect(await referrers.json()).toMatchObject({
    manifests: [{ digest: signature, artifactType: 'application/x.signature' }],
  })
  expect(await (await fetch(`${berth.url}/v2/_catalog`)).json()).toEqual({
    repositories: ['library/app', 'library/app/nested/deeper'],
  })
  await berth.stop()
})

test('a second run changes nothing', async () => {
  const tree = await newTree()
  tree.index('app', [tree.image('app', ['base', 'one'], { tags: ['1'] }), tree.image('app', ['two'])], {
    tags: ['multi'],
  })
  const data = await newData()
  await importResult(['registry', tree.directory, '--data', data])
  const before = await objectsIn(data)
  const again = await importResult(['registry', tree.directory, '--data', data])
  expect(again).toMatchObject({ exitCode: 0, manifests: { present: 3 }, tags: { present: 2 } })
  expect(changesOf(again)).toEqual({ manifests: 0, tags: 0, blobs: 0 })
  expect(await objectsIn(data)).toEqual(before)
})

test('what came to the source since comes with the next run, and a tag that it moved moves', async () => {
  const tree = await newTree()
  tree.image('app', ['one'], { tags: ['latest', 'old'] })
  const data = await newData()
  await importResult(['registry', tree.directory, '--data', data])
  const newer = tree.image('app', ['one', 'more'], { tags: ['latest'] })
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(changesOf(outcome)).toEqual({ manifests: 1, tags: 1, blobs: 2 })
  const berth = await startBerth({ data })
  expect((await servedImage(berth.url, { repository: 'app', reference: 'latest' })).digest).toBe(newer)
  await berth.stop()
})

test('files on the same filesystem are linked, and stay where they were', async () => {
  const tree = await newTree()
  tree.image('app', ['layer'], { tags: ['1'] })
  const layer = tree.data('layer')
  const data = await newData()
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome.blobs).toEqual({ linked: 2, copied: 0, mounted: 0 })
  expect((await stat(tree.dataFile(layer))).nlink).toBe(2)
  const name = (await objectsIn(data)).find((object) => object.includes(layer.slice('sha256:'.length)))
  expect((await stat(join(data, 'blobs', name ?? ''))).ino).toBe((await stat(tree.dataFile(layer))).ino)
})

test('with --copy the files are Berth’s own', async () => {
  const tree = await newTree()
  tree.image('app', ['layer'], { tags: ['1'] })
  const data = await newData()
  const outcome = await importResult(['registry', tree.directory, '--data', data, '--copy'])
  expect(outcome.blobs).toEqual({ linked: 0, copied: 2, mounted: 0 })
  expect(outcome.bytes.copied).toBeGreaterThan('layer'.length)
  expect((await stat(tree.dataFile(tree.data('layer')))).nlink).toBe(1)
  const berth = await startBerth({ data })
  await servedImage(berth.url, { repository: 'app', reference: '1' })
  await berth.stop()
})

test('a blob of several repositories is read once', async () => {
  const tree = await newTree()
  for (const name of ['a', 'b', 'c', 'd', 'e']) tree.image(name, ['shared'], { tags: ['1'] })
  const data = await newData()
  const outcome = await importResult(['registry', tree.directory, '--data', data])
  expect(outcome.blobs).toEqual({ linked: 2, copied: 0, mounted: 8 })
  expect(await objectsIn(data)).toHaveLength(2)
})

test('the v2 directory itself will do, and only the repositories that are asked for come', async () => {
  const tree = await newTree()
  for (const name of ['team/a', 'team/b/c', 'other', 'third']) tree.image(name, [name], { tags: ['1'] })
  const data = await newData()
  const chosen = ['--repository', 'team/*', '--repository', 'third']
  const outcome = await importResult(['registry', tree.path(), '--data', data, ...chosen])
  expect(outcome).toMatchObject({ exitCode: 0, repositories: 2 })
  const berth = await startBerth({ data })
  expect(await (await fetch(`${berth.url}/v2/_catalog`)).json()).toEqual({
    repositories: ['team/a', 'third'],
  })
  await berth.stop()
})

test('an alias of another algorithm is served under the digest that it was pushed with', async () => {
  const tree = await newTree()
  const content = 'pushed as sha512'
  const canonical = tree.data(content)
  const alias = tree.blob('app', content, 'sha512')
  tree.file(tree.layerLink('app', alias), canonical)
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: alias, size: content.length }
  tree.manifest('app', tree.imageText('app', [], { layers: [layer] }), { tags: ['1'] })
  const data = await newData()
  expect(await importResult(['registry', tree.directory, '--data', data])).toMatchObject({ exitCode: 0 })
  const berth = await startBerth({ data })
  expect(await (await fetch(`${berth.url}/v2/app/blobs/${alias}`)).text()).toBe(content)
  await berth.stop()
})

test('a manifest that does not state its media type is served as what it is', async () => {
  const tree = await newTree()
  const image = tree.manifest('app', tree.imageText('app', ['layer'], { mediaType: undefined }), {
    tags: ['image'],
  })
  const list = JSON.stringify({
    schemaVersion: 2,
    manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: image, size: 2 }],
  })
  tree.manifest('app', list, { tags: ['index'] })
  const data = await newData()
  expect(await importResult(['registry', tree.directory, '--data', data])).toMatchObject({ exitCode: 0 })
  const berth = await startBerth({ data })
  const typeOf = async (reference: string) =>
    (await servedImage(berth.url, { repository: 'app', reference })).mediaType
  expect(await typeOf('image')).toBe('application/vnd.oci.image.manifest.v1+json')
  expect(await typeOf('index')).toBe('application/vnd.oci.image.index.v1+json')
  expect(await manifestStatus(berth.url, { repository: 'app', reference: 'absent' })).toBe(404)
  await berth.stop()
})
