import { describe, expect, test } from 'bun:test'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { berthImport, changesOf, importResult } from '../support/imports.ts'
import { writeLayout } from '../support/oci-layout.ts'
import { bytesOf } from '../support/push.ts'
import { requireTools } from '../support/require.ts'
import { manifestStatus, servedImage } from '../support/served-image.ts'

const newData = async () => join(await temporaryDirectory(), 'data')
const image = (architecture: string, text = architecture) => ({
  architecture,
  layers: [{ 'etc/name': text }],
})
const refName = 'org.opencontainers.image.ref.name'

async function served(data: string, names: readonly (readonly [string, string])[]) {
  const berth = await startBerth({ data })
  const found = []
  for (const [repository, reference] of names)
    found.push(await servedImage(berth.url, { repository, reference }))
  await berth.stop()
  return found
}

/** Rewrites index.json. */
async function edit(directory: string, change: (manifests: Record<string, unknown>[]) => unknown[]) {
  const path = join(directory, 'index.json')
  const index = await Bun.file(path).json()
  await Bun.write(path, JSON.stringify({ ...index, manifests: change(index.manifests) }))
}

test('an image layout comes into the repository that is named, with children and tag', async () => {
  const layout = await writeLayout([image('amd64'), image('arm64')])
  const data = await newData()
  const outcome = await importResult(['oci', layout.directory, 'library/app', '--data', data])
  expect(outcome).toMatchObject({
    exitCode: 0,
    manifests: { imported: 3 },
    tags: { imported: 1 },
    skipped: [],
  })
  const [index] = await served(data, [['library/app', 'latest']])
  expect(index?.digest).toBe(layout.digest)
  expect(index?.digests).toEqual(layout.digests)
  const again = await importResult(['oci', layout.directory, 'library/app', '--data', data])
  expect(changesOf(again)).toEqual({ manifests: 0, tags: 0, blobs: 0 })
  expect(again.manifests.present).toBe(3)
})

test('entries without a name come untagged, and whole references give their tag', async () => {
  const layout = await writeLayout([image('amd64')])
  const other = await writeLayout([image('arm64')])
  await cp(join(other.directory, 'blobs'), join(layout.directory, 'blobs'), { recursive: true })
  await edit(layout.directory, ([entry]) => [
    { ...entry, annotations: { [refName]: 'docker.io/library/app:1.2' } },
    { ...entry, annotations: { [refName]: 'v1' } },
    { mediaType: mediaTypes.ociManifest, digest: other.digest, size: 1 },
  ])
  const data = await newData()
  const outcome = await importResult(['oci', layout.directory, 'app', '--data', data])
  expect(outcome).toMatchObject({ exitCode: 0, manifests: { imported: 2 }, tags: { imported: 2 } })
  const digests = await served(data, [
    ['app', '1.2'],
    ['app', 'v1'],
    ['app', other.digest],
  ])
  expect(digests.map(({ digest }) => digest)).toEqual([layout.digest, layout.digest, other.digest])
})

test('NAME:TAG brings one image: that of the tag, or the only one', async () => {
  const layout = await writeLayout([image('amd64')])
  const other = await writeLayout([image('arm64')])
  const data = await newData()
  await importResult(['oci', layout.directory, 'app:renamed', '--data', data])
  await cp(join(other.directory, 'blobs'), join(layout.directory, 'blobs'), { recursive: true })
  await edit(layout.directory, ([entry]) => [
    { ...entry, annotations: { [refName]: 'one' } },
    { ...entry, digest: other.digest, annotations: { [refName]: 'two' } },
  ])
  const chosen = await importResult(['oci', layout.directory, 'app:two', '--data', data])
  expect(chosen).toMatchObject({ exitCode: 0, manifests: { imported: 1 }, tags: { imported: 1 } })
  const digests = await served(data, [
    ['app', 'renamed'],
    ['app', 'two'],
  ])
  expect(digests.map(({ digest }) => digest)).toEqual([layout.digest, other.digest])
  const absent = await importResult(['oci', layout.directory, 'app:three', '--data', data])
  expect(absent.exitCode).toBe(1)
  expect(absent.skipped[0]?.reason).toContain('it has one, two')
})

test('a tree of layouts comes as zot serves it: the path of each is its name', async () => {
  const tree = await temporaryDirectory()
  const layouts = [await writeLayout([image('amd64')]), await writeLayout([image('arm64')])]
  for (const [index, name] of ['team', 'team/app/nested'].entries()) {
    await mkdir(join(tree, name), { recursive: true })
    await cp(layouts[index]?.directory ?? '', join(tree, name), { recursive: true })
    await mkdir(join(tree, name, '.uploads'))
  }
  await cp(layouts[0]?.directory ?? '', join(tree, 'Upper'), { recursive: true })
  await mkdir(join(tree, '_trivy'))
  await writeFile(join(tree, 'cache.db'), 'x')
  const data = await newData()
  const outcome = await importResult(['oci', tree, '--data', data])
  expect(outcome.skipped).toMatchObject([{ repository: 'Upper', reason: 'this is not a repository name' }])
  expect(outcome.ignored.map(({ path }) => path.slice(tree.length + 1)).sort()).toEqual([
    '_trivy',
    'cache.db',
  ])
  const digests = await served(data, [
    ['team', 'latest'],
    ['team/app/nested', 'latest'],
  ])
  expect(digests.map(({ digest }) => digest)).toEqual(layouts.map(({ digest }) => digest))
  const chosen = await importResult(['oci', tree, '--data', await newData(), '--repository', 'team/**'])
  expect(chosen).toMatchObject({ exitCode: 0, repositories: 1 })
})

test('what a layout says wrong is told of, and the rest comes', async () => {
  const layout = await writeLayout([image('amd64')])
  const broken = await writeLayout([image('arm64')])
  const text = bytesOf('<xml/>')
  await cp(join(broken.directory, 'blobs'), join(layout.directory, 'blobs'), { recursive: true })
  const layer = broken.digests.find((digest) => digest !== broken.digest)
  await rm(join(layout.directory, 'blobs/sha256', layer?.slice('sha256:'.length) ?? ''))
  await edit(layout.directory, ([entry]) => [
    { ...entry, annotations: { [refName]: 'good' } },
    { ...entry, digest: broken.digest, annotations: { [refName]: 'good' } },
    { mediaType: 'application/xml', digest: digestOf(text), size: text.length },
    { mediaType: mediaTypes.ociManifest, digest: 'sha256:short', size: 1 },
    { ...entry, annotations: { [refName]: 'not a tag!' } },
  ])
  const data = await newData()
  const outcome = await importResult(['oci', layout.directory, 'app', '--data', data])
  expect(outcome).toMatchObject({ exitCode: 1, manifests: { imported: 1 }, tags: { imported: 1 } })
  expect(outcome.skipped.map(({ reason }) => reason).sort()).toEqual([
    expect.stringContaining('application/xml is not a manifest type'),
    expect.stringContaining('it has no valid digest'),
    expect.stringContaining('which the source does not have'),
    expect.stringContaining('which names no tag'),
    expect.stringContaining('keeps it'),
  ])
  const [good] = await served(data, [['app', 'good']])
  expect(good?.digest).toBe(layout.digest)
})

test('a directory that is no layout, and a layout without a name, are refused with what to do', async () => {
  const layout = await writeLayout([image('amd64')])
  const data = await newData()
  const unnamed = await berthImport(['oci', layout.directory, '--data', data])
  expect(unnamed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('name its repository') })
  const empty = await berthImport(['oci', await temporaryDirectory(), 'app', '--data', data])
  expect(empty).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no OCI image layout') })
})

describe.skipIf(!requireTools(['skopeo']))('layouts that skopeo writes', () => {
  test('come over with their tags, and what skopeo copies out again is the same', async () => {
    const made = await writeLayout([image('amd64'), image('arm64')])
    const directory = join(await temporaryDirectory(), 'layout')
    const copy = (...args: string[]) => run('skopeo', ['--insecure-policy', 'copy', '--quiet', ...args])
    await copy('--all', `oci:${made.directory}:latest`, `oci:${directory}:multi`)
    await copy('--override-arch', 'arm64', `oci:${made.directory}:latest`, `oci:${directory}:arm`)
    const data = await newData()
    const outcome = await importResult(['oci', directory, 'library/app', '--data', data])
    expect(outcome).toMatchObject({ exitCode: 0, tags: { imported: 2 }, skipped: [] })
    const berth = await startBerth({ data })
    const source = `docker://127.0.0.1:${berth.port}/library/app:multi`
    await copy('--all', '--src-tls-verify=false', source, `oci:${directory}-out:latest`)
    expect((await Bun.file(`${directory}-out/index.json`).json()).manifests[0].digest).toBe(made.digest)
    expect(await manifestStatus(berth.url, { repository: 'library/app', reference: 'arm' })).toBe(200)
    await berth.stop()
  })
})
