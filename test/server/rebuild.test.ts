import { expect, test } from 'bun:test'
import { existsSync, statSync } from 'node:fs'
import { appendFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { rowsOf } from '../support/data-rows.ts'
import {
  blobUrl,
  bytesOf,
  manifestUrl,
  openUpload,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/push.ts'
import { servedImage } from '../support/served-image.ts'

const bin = process.env.BERTH_BIN ?? `${import.meta.dir}/../../bin/berth`

async function rebuild(data: string, ...flags: string[]) {
  const result = await attempt(bin, ['rebuild', '--data', data, '--output', 'json', ...flags])
  return { ...result, report: result.stdout ? JSON.parse(result.stdout) : undefined }
}

async function loseDatabase(data: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(join(data, `metadata.sqlite${suffix}`), { force: true })
}

/** Images, an index, an artifact that refers to one, moved and deleted tags, deleted manifests. */
async function fill(berth: RunningBerth): Promise<void> {
  const remote = { url: berth.url, repository: 'team/app' }
  const images = []
  for (let index = 0; index < 5; index += 1) {
    images.push(await pushImage(remote, { reference: `v${index}`, content: `layer ${index}` }))
    await pushImage({ ...remote, repository: `other/${index % 2}` }, { content: `layer ${index}` })
  }
  await putManifest(
    remote,
    'index',
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: images.slice(0, 2).map(({ digest, manifest }) => ({
        mediaType: mediaTypes.ociManifest,
        digest,
        size: manifest.length,
      })),
    }),
  )
  const subject = {
    mediaType: mediaTypes.ociManifest,
    digest: images[0]?.digest,
    size: images[0]?.manifest.length,
  }
  await pushImage(remote, { reference: '', content: 'signature', extra: { subject } })
  await putManifest(remote, 'v1', images[0]?.manifest ?? '')
  for (const reference of ['v2', images[3]?.digest ?? '', 'v0']) {
    const answer = await fetch(manifestUrl(remote, reference), { method: 'DELETE' })
    expect(answer.status).toBe(202)
  }
}

/** What was acknowledged is a moment later in the page cache, where a kill leaves it. */
const moment = 150

test('brings everything back after a kill, with the database gone', async () => {
  const berth = await startBerth()
  await fill(berth)
  const upload = await openUpload({ url: berth.url, repository: 'open' })
  await fetch(upload, { method: 'PATCH', body: 'half of it' })
  await Bun.sleep(moment)
  await berth.stop('SIGKILL')
  const before = rowsOf(berth.data)
  await loseDatabase(berth.data)

  const refused = await attempt(bin, ['serve', '--listen', '127.0.0.1:0', '--data', berth.data], {
    timeout: 5000,
  })
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain('berth rebuild')

  const { exitCode, report, stderr } = await rebuild(berth.data)
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  expect(report).toMatchObject({ losses: { count: 0 }, uploads: 1, movedTo: null })
  expect(rowsOf(berth.data)).toEqual(before)

  // Second copies of what several clients pushed at once are unknown to the new database, and nothing else is.
  await attempt(bin, ['verify', '--data', berth.data, '--remove-unknown', '--older-than', '0s'])
  expect(await attempt(bin, ['verify', '--data', berth.data])).toMatchObject({ exitCode: 0 })
  const again = await startBerth({ data: berth.data })
  for (const reference of ['v1', 'v4', 'index'])
    await servedImage(again.url, { repository: 'team/app', reference })
  for (const repository of ['other/0', 'other/1'])
    await servedImage(again.url, { repository, reference: 'latest' })
  const referrers = await fetch(
    `${again.url}/v2/team/app/referrers/${(await servedImage(again.url, { repository: 'team/app', reference: 'v1' })).digest}`,
  )
  expect(((await referrers.json()) as { manifests: unknown[] }).manifests).toHaveLength(1)
  await again.stop()
})

test('a second loss after a rebuild and more pushes is brought back as well', async () => {
  let berth = await startBerth()
  await fill(berth)
  for (const name of ['second', 'third']) {
    await berth.stop()
    await loseDatabase(berth.data)
    expect((await rebuild(berth.data)).exitCode).toBe(0)
    berth = await startBerth({ data: berth.data })
    await pushImage({ url: berth.url, repository: name })
  }
  await berth.stop()
  const before = rowsOf(berth.data)
  expect((await rebuild(berth.data, '--yes')).exitCode).toBe(0)
  expect(rowsOf(berth.data)).toEqual(before)
  expect(before.repositories).toContainEqual(expect.stringContaining('third'))
})

test('a rebuild that is killed changes nothing, and the next one is whole', async () => {
  const berth = await startBerth()
  await fill(berth)
  await berth.stop()
  const before = rowsOf(berth.data)
  for (let kill = 0; kill < 8; kill += 1) {
    await loseDatabase(berth.data)
    const child = Bun.spawn([bin, 'rebuild', '--data', berth.data, '--yes'], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    await Bun.sleep(60 + kill * 40)
    child.kill('SIGKILL')
    await child.exited
    if (existsSync(join(berth.data, 'metadata.sqlite'))) expect(rowsOf(berth.data)).toEqual(before)
  }
  expect((await rebuild(berth.data, '--yes')).exitCode).toBe(0)
  expect(rowsOf(berth.data)).toEqual(before)
  expect(statSync(join(berth.data, 'metadata.sqlite')).mode & 0o777).toBe(0o600)
})

test('refuses while a server runs, and does not move a database aside unasked', async () => {
  const berth = await startBerth()
  await pushImage({ url: berth.url, repository: 'kept' })
  const running = await rebuild(berth.data, '--yes')
  expect(running.exitCode).toBe(1)
  expect(running.stderr).toContain('stop that one first')
  await berth.stop()
  const unasked = await rebuild(berth.data)
  expect(unasked.exitCode).toBe(2)
  expect(unasked.stderr).toContain('--yes')
  const { exitCode, report } = await rebuild(berth.data, '--yes')
  expect(exitCode).toBe(0)
  expect(report.movedTo).toMatch(/metadata\.sqlite\.\d{8}T\d{6}Z\.old$/)
})

test('tells what it could not bring back: bytes that are damaged or gone, and the end of the journal', async () => {
  const berth = await startBerth()
  const remote = { url: berth.url, repository: 'hurt' }
  await pushImage(remote, { content: 'a layer that is damaged' })
  await pushBlob(remote, bytesOf('a blob that goes'))
  await pushBlob(remote, bytesOf('a blob that stays'))
  await berth.stop()
  const pathOf = async (content: string) => {
    const hex = digestOf(bytesOf(content)).slice('sha256:'.length)
    const directory = join(berth.data, 'blobs/sha256', hex.slice(0, 2))
    return join(directory, (await readdir(directory)).find((name) => name.startsWith(hex)) ?? '')
  }
  await writeFile(await pathOf('a layer that is damaged'), 'a layer that was damaged')
  await rm(await pathOf('a blob that goes'))
  await writeFile(join(berth.data, 'blobs/sha256', 'strange'), 'x')
  const log =
    (await readdir(join(berth.data, 'journal'))).filter((name) => name.endsWith('.log')).at(-1) ?? ''
  await appendFile(join(berth.data, 'journal', log), 'BrtR and then the power went')
  await loseDatabase(berth.data)

  const { exitCode, report } = await rebuild(berth.data)
  expect(exitCode).toBe(1)
  const blob = (content: string, damaged: boolean) => ({
    kind: 'blob',
    repository: 'hurt',
    digest: digestOf(bytesOf(content)),
    damaged,
  })
  expect(report.losses.first).toEqual([
    expect.objectContaining({ kind: 'loss', what: 'torn', file: log, bytes: 28 }),
    ...[blob('a blob that goes', false), blob('a layer that is damaged', true)].sort((a, b) =>
      a.digest < b.digest ? -1 : 1,
    ),
  ])
  expect(report.strange.first).toEqual(['blobs/sha256/strange'])

  const again = await startBerth({ data: berth.data })
  const status = async (content: string) =>
    (await fetch(blobUrl({ ...remote, url: again.url }, digestOf(bytesOf(content))))).status
  expect(await status('a layer that is damaged')).toBe(404)
  expect(await status('a blob that goes')).toBe(404)
  expect(await status('a blob that stays')).toBe(200)
  await pushBlob({ ...remote, url: again.url }, bytesOf('a layer that is damaged'))
  await servedImage(again.url, { repository: 'hurt', reference: 'latest' })
  await again.stop()
})

test.each([[], ['--quick']])('of several objects of one digest a sound one is taken %p', async (...flags) => {
  const berth = await startBerth()
  await pushImage({ url: berth.url, repository: 'twice' }, { content: 'a layer' })
  await berth.stop()
  const hex = digestOf(bytesOf('a layer')).slice('sha256:'.length)
  // As a push that was cut off leaves it; one before the sound object by name, one behind it.
  const planted = ['0', 'zzz'].map((id) => `blobs/sha256/${hex.slice(0, 2)}/${hex}.${id}`)
  for (const path of planted) await writeFile(join(berth.data, path), 'a la')
  const { exitCode, report } = await rebuild(berth.data, '--yes', ...flags)
  expect(exitCode).toBe(0)
  expect(report.unknown.first).toEqual(planted.map((objectKey) => ({ objectKey, size: 4, sound: false })))
  const again = await startBerth({ data: berth.data })
  await servedImage(again.url, { repository: 'twice', reference: 'latest' })
  await again.stop()
  for (const path of planted) expect(existsSync(join(berth.data, path))).toBe(true)
})

test('damage in the middle of the journal costs what stood there, and no more', async () => {
  const berth = await startBerth()
  for (const name of ['one', 'two', 'three']) {
    await pushImage({ url: berth.url, repository: name }, { content: name })
    await Bun.sleep(moment)
  }
  await berth.stop('SIGKILL')
  const log =
    (await readdir(join(berth.data, 'journal'))).filter((name) => name.endsWith('.log')).at(-1) ?? ''
  const path = join(berth.data, 'journal', log)
  const bytes = Buffer.from(await Bun.file(path).arrayBuffer())
  bytes.write('#', bytes.indexOf('"two"') + 1)
  await writeFile(path, bytes)
  await truncate(join(berth.data, 'metadata.sqlite'), 0)
  const { exitCode, report } = await rebuild(berth.data, '--yes')
  expect(exitCode).toBe(1)
  expect(report.losses.first[0]).toMatchObject({ kind: 'loss', what: 'damaged', file: log })
  expect(report.losses.first[0].records).toBeGreaterThan(0)
  const again = await startBerth({ data: berth.data })
  for (const repository of ['one', 'three']) await servedImage(again.url, { repository, reference: 'latest' })
  await again.stop()
})
