import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { existsSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { rowsOf } from '../support/data-rows.ts'
import { blobUrl, bytesOf, manifestUrl, openUpload, pushBlob, pushImage } from '../support/push.ts'
import { servedImage } from '../support/served-image.ts'

const bin = process.env.BERTH_BIN ?? `${import.meta.dir}/../../bin/berth`

async function command(...args: string[]) {
  const result = await attempt(bin, [...args, '--output', 'json'])
  return { ...result, report: result.stdout ? JSON.parse(result.stdout) : undefined }
}

const backup = (berth: { data: string }, directory: string, ...flags: string[]) =>
  command('backup', directory, '--data', berth.data, ...flags)
const restore = (directory: string, data: string, ...flags: string[]) =>
  command('restore', directory, '--data', data, ...flags)

async function newPath(): Promise<string> {
  return join(await temporaryDirectory(), 'new')
}

async function push(berth: RunningBerth, count: number, name: string): Promise<void> {
  const remote = { url: berth.url, repository: 'app' }
  for (let index = 0; index < count; index += 1)
    await pushImage(remote, { reference: `${name}-${index}`, content: `${name} ${index}` })
}

/** The file of the object that holds this content. */
async function fileOf(root: string, content: string): Promise<string> {
  const hex = digestOf(bytesOf(content)).slice('sha256:'.length)
  const directory = join(root, 'blobs/sha256', hex.slice(0, 2))
  const name = (await readdir(directory)).find((entry) => entry.startsWith(hex))
  if (!name) throw new Error(`${content} lies nowhere in ${root}`)
  return join(directory, name)
}

test('a copy made beside the server restores to the same registry, bit for bit', async () => {
  const berth = await startBerth()
  await push(berth, 4, 'image')
  await fetch(manifestUrl({ url: berth.url, repository: 'app' }, 'image-3'), { method: 'DELETE' })
  await openUpload({ url: berth.url, repository: 'app' })
  const directory = await newPath()
  const done = await backup(berth, directory)
  expect(done.stderr).toBe('')
  expect(done).toMatchObject({
    exitCode: 0,
    report: { copied: { count: 5 }, present: { count: 0 }, removed: { count: 0 }, damaged: { count: 0 } },
  })
  const before = rowsOf(berth.data)
  await push(berth, 1, 'later')
  await berth.stop()

  const data = await newPath()
  const restored = await restore(directory, data)
  expect(restored.stderr).toBe('')
  expect(restored).toMatchObject({ exitCode: 0, report: { restored: { count: 5 }, damaged: { count: 0 } } })
  expect(rowsOf(data)).toEqual(before)
  expect(await command('verify', '--data', data)).toMatchObject({ exitCode: 0 })
  const again = await startBerth({ data })
  for (let index = 0; index < 3; index += 1)
    await servedImage(again.url, { repository: 'app', reference: `image-${index}` })
  const later = await fetch(manifestUrl({ url: again.url, repository: 'app' }, 'later-0'))
  expect(later.status).toBe(404)
  await push(again, 1, 'after')
  await servedImage(again.url, { repository: 'app', reference: 'after-0' })
  await again.stop()
})

test('the second run copies what is new, and lets go of what is gone', async () => {
  const berth = await startBerth({
    args: ['--gc-grace', '0s', '--gc-keep-objects', '0s', '--trash-retention', '0s'],
  })
  const remote = { url: berth.url, repository: 'app' }
  await push(berth, 3, 'image')
  const goes = bytesOf('a blob that goes')
  await pushBlob(remote, goes)
  const directory = await newPath()
  await backup(berth, directory)
  expect((await fetch(blobUrl(remote, digestOf(goes)), { method: 'DELETE' })).status).toBe(202)
  await push(berth, 1, 'new')
  // A second copy would put it right again.
  await writeFile(await fileOf(directory, 'image 1'), 'IMAGE 1')
  const kept = await backup(berth, directory, '--keep-removed')
  expect(kept.report).toMatchObject({ copied: { count: 1 }, present: { count: 4 }, removed: { count: 0 } })
  const second = await backup(berth, directory)
  expect(second.report).toMatchObject({
    copied: { count: 0 },
    present: { count: 5 },
    removed: { count: 1, bytes: goes.length },
  })
  expect(await readdir(join(directory, 'metadata'))).toHaveLength(1)
  expect(await readFile(await fileOf(directory, 'image 1'), 'utf8')).toBe('IMAGE 1')
  await berth.stop()
})

test('no object is removed while a backup copies, nor for a while after one that was killed', async () => {
  const berth = await startBerth({
    args: ['--gc-grace', '0s', '--gc-keep-objects', '0s', '--gc-interval', '100ms'],
  })
  const remote = { url: berth.url, repository: 'app' }
  await push(berth, 1, 'image')
  const goes = bytesOf('a blob that goes')
  await pushBlob(remote, goes)
  const file = await fileOf(berth.data, 'a blob that goes')
  const holds = new Database(join(berth.data, 'metadata.sqlite'))
  holds.run('PRAGMA busy_timeout = 5000')
  holds.run("insert into holds values ('killed', unixepoch() * 1000 + 7000)")
  await fetch(blobUrl(remote, digestOf(goes)), { method: 'DELETE' })
  await Bun.sleep(1500)
  expect(existsSync(file)).toBe(true)
  for (let attempts = 0; existsSync(file) && attempts < 150; attempts += 1) await Bun.sleep(100)
  expect(existsSync(file)).toBe(false)
  const directory = await newPath()
  await backup(berth, directory)
  expect(holds.query("select id from holds where id <> 'killed'").all()).toEqual([])
  holds.close()
  await berth.stop()
})

test('a backup that was cut off leaves the one before it whole', async () => {
  const berth = await startBerth()
  await push(berth, 2, 'first')
  const directory = await newPath()
  await backup(berth, directory)
  const record = await readFile(join(directory, 'backup.json'), 'utf8')
  await pushBlob({ url: berth.url, repository: 'app' }, new Uint8Array(64 * 1024 * 1024))
  const child = Bun.spawn([bin, 'backup', directory, '--data', berth.data], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  for (let attempts = 0; attempts < 1000; attempts += 1) {
    if ((await readdir(join(directory, 'metadata'))).length > 1) break
    await Bun.sleep(5)
  }
  child.kill('SIGKILL')
  await child.exited
  expect(await readFile(join(directory, 'backup.json'), 'utf8')).toBe(record)
  expect((await restore(directory, await newPath())).exitCode).toBe(0)
  expect((await backup(berth, directory)).report).toMatchObject({
    copied: { count: 1 },
    present: { count: 3 },
  })
  expect(await readdir(join(directory, 'metadata'))).toHaveLength(1)
  await berth.stop()
})

test('with --link nothing is copied twice', async () => {
  const berth = await startBerth()
  await push(berth, 1, 'image')
  const directory = await newPath()
  expect((await backup(berth, directory, '--link')).exitCode).toBe(0)
  const [ours, theirs] = await Promise.all([fileOf(berth.data, 'image 0'), fileOf(directory, 'image 0')])
  expect(statSync(theirs).ino).toBe(statSync(ours).ino)
  await berth.stop()
  const data = await newPath()
  expect((await restore(directory, data, '--link')).exitCode).toBe(0)
  expect(statSync(await fileOf(data, 'image 0')).ino).toBe(statSync(ours).ino)
})

test('what is damaged or gone is named, the rest is kept, and a backup heals what was sound in it', async () => {
  const berth = await startBerth()
  const remote = { url: berth.url, repository: 'app' }
  await push(berth, 2, 'image')
  const sound = await newPath()
  await backup(berth, sound)
  await pushBlob(remote, bytesOf('a blob that goes'))
  await writeFile(await fileOf(berth.data, 'image 0'), 'IMAGE 0')
  await rm(await fileOf(berth.data, 'a blob that goes'))
  const directory = await newPath()
  const done = await backup(berth, directory)
  expect(done.exitCode).toBe(1)
  const found = (why: string, content: string) =>
    expect.objectContaining({ why, digest: digestOf(bytesOf(content)) })
  expect(done.report.damaged.count).toBe(2)
  expect(done.report.damaged.first).toContainEqual(found('damaged', 'image 0'))
  expect(done.report.damaged.first).toContainEqual(found('missing', 'a blob that goes'))

  const data = await newPath()
  expect((await restore(directory, data)).exitCode).toBe(1)
  const again = await startBerth({ data })
  const there = { url: again.url, repository: 'app' }
  await servedImage(again.url, { repository: 'app', reference: 'image-1' })
  expect((await fetch(blobUrl(there, digestOf(bytesOf('image 0'))))).status).toBe(404)
  await pushBlob(there, bytesOf('image 0'))
  await servedImage(again.url, { repository: 'app', reference: 'image-0' })
  await again.stop()
  await berth.stop()

  const database = new Database(join(berth.data, 'metadata.sqlite'))
  database.run(`update blobs set damaged_at = 1 where digest = '${digestOf(bytesOf('image 0'))}'`)
  database.close()
  await backup(berth, sound)
  const healed = await newPath()
  await restore(sound, healed)
  const served = await startBerth({ data: healed })
  await servedImage(served.url, { repository: 'app', reference: 'image-0' })
  await served.stop()
})

test('refuses a directory that is something else', async () => {
  const [first, second] = [await startBerth(), await startBerth()]
  await push(first, 1, 'image')
  const directory = await newPath()
  await backup(first, directory)
  const other = await backup(second, directory)
  expect(other.exitCode).toBe(1)
  expect(other.stderr).toContain('another registry')
  const full = await temporaryDirectory()
  await writeFile(join(full, 'letters'), 'mine')
  expect((await backup(first, full)).stderr).toContain('neither empty nor a backup')
  expect((await backup(first, join(first.data, 'inside'))).stderr).toContain('in the data directory')
  expect((await restore(directory, full)).stderr).toContain('not empty')
  expect((await restore(full, await newPath())).stderr).toContain('no backup that was finished')
  expect((await command('backup', '--data', first.data)).exitCode).toBe(2)
  await Promise.all([first.stop(), second.stop()])
})

test('a restore that was cut off is no registry yet, and goes on when it is asked for again', async () => {
  const berth = await startBerth()
  await push(berth, 3, 'image')
  await berth.stop()
  const directory = await newPath()
  await backup(berth, directory)
  const data = await newPath()
  await restore(directory, data)
  // As a kill would have left it.
  await rm(join(data, 'metadata.sqlite'))
  await rm(await fileOf(data, 'image 2'))
  await writeFile(await fileOf(data, 'image 1'), 'ima')
  const { registry } = JSON.parse(await readFile(join(directory, 'backup.json'), 'utf8'))
  await writeFile(join(data, 'unfinished-restore'), JSON.stringify({ registry }))
  const refused = await attempt(bin, ['serve', '--listen', '127.0.0.1:0', '--data', data], { timeout: 5000 })
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain('not restored to the end')
  expect((await restore(directory, data)).exitCode).toBe(0)
  const again = await startBerth({ data })
  for (let index = 0; index < 3; index += 1)
    await servedImage(again.url, { repository: 'app', reference: `image-${index}` })
  await again.stop()
})

test('metadata that was damaged in the backup is not restored', async () => {
  const berth = await startBerth()
  await push(berth, 1, 'image')
  const directory = await newPath()
  await backup(berth, directory)
  await berth.stop()
  const [name = ''] = await readdir(join(directory, 'metadata'))
  const path = join(directory, 'metadata', name)
  const bytes = await Bun.file(path).bytes()
  bytes[5000] = (bytes[5000] ?? 0) ^ 1
  await writeFile(path, bytes)
  const data = await newPath()
  await mkdir(data)
  const { exitCode, stderr } = await restore(directory, data)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('is damaged')
  expect(existsSync(join(data, 'metadata.sqlite'))).toBe(false)
})
