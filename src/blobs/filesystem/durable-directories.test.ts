import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { type FileHandle, mkdir, open, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { DurableDirectories } from './durable-directories.ts'

let root: string
let directories: DurableDirectories

beforeEach(async () => {
  root = await temporaryDirectory()
  directories = new DurableDirectories()
})

afterEach(async () => {
  await directories.close()
})

/** Counts the syncs of all files, each of which takes `takes` milliseconds more. */
async function countSyncs({ takes = 0 } = {}) {
  const handle = await open(root, 'r')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const original = prototype.sync
  const started: number[] = []
  const spy = spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    started.push(performance.now())
    if (takes > 0) await Bun.sleep(takes)
    await original.call(this)
  })
  return { count: () => started.length, [Symbol.dispose]: () => spy.mockRestore() }
}

const isDirectory = async (path: string) => (await stat(path)).isDirectory()

describe('a directory that is made', () => {
  test('is there with those above it', async () => {
    await directories.make(join(root, 'one/two/three'))
    expect(await isDirectory(join(root, 'one/two/three'))).toBe(true)
  })

  test('is synced into its parent, and each of those above it too', async () => {
    using syncs = await countSyncs()
    await directories.make(join(root, 'one/two'))
    expect(syncs.count()).toBeGreaterThanOrEqual(2)
  })

  test('may be there already, and is synced all the same: who made it may have crashed', async () => {
    await mkdir(join(root, 'there'))
    using syncs = await countSyncs()
    await directories.make(join(root, 'there'))
    expect(syncs.count()).toBe(1)
  })

  test('costs nothing the second time', async () => {
    await directories.make(join(root, 'one'))
    using syncs = await countSyncs()
    await directories.make(join(root, 'one'))
    expect(syncs.count()).toBe(0)
  })

  test('may be asked for by many at once', async () => {
    const path = join(root, 'a/b/c')
    await Promise.all(Array.from({ length: 20 }, () => directories.make(path)))
    expect(await isDirectory(path)).toBe(true)
  })

  test('is refused where a file has its place', async () => {
    await writeFile(join(root, 'file'), '')
    await expect(directories.make(join(root, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})

describe('a sync', () => {
  test('is one for all who ask while it has not begun', async () => {
    using syncs = await countSyncs({ takes: 20 })
    const first = directories.sync(root)
    await Bun.sleep(5)
    await Promise.all([first, ...Array.from({ length: 50 }, () => directories.sync(root))])
    expect(syncs.count()).toBe(2)
  })

  test('that runs already is not enough for who asks now: his rename may have come after it', async () => {
    using syncs = await countSyncs({ takes: 20 })
    const first = directories.sync(root)
    await Bun.sleep(5)
    expect(syncs.count()).toBe(1)
    await directories.sync(root)
    expect(syncs.count()).toBe(2)
    await first
  })

  test('of one directory does not wait for another', async () => {
    await mkdir(join(root, 'other'))
    using syncs = await countSyncs({ takes: 20 })
    const both = [directories.sync(root), directories.sync(join(root, 'other'))]
    await Bun.sleep(10)
    expect(syncs.count()).toBe(2)
    await Promise.all(both)
  })

  test('of a directory that is missing fails, and works when it is there', async () => {
    const path = join(root, 'later')
    await expect(directories.sync(path)).rejects.toMatchObject({ code: 'ENOENT' })
    await mkdir(path)
    await directories.sync(path)
  })

  test('that fails does not fail those who ask for the next one', async () => {
    const path = join(root, 'later')
    const first = directories.sync(path)
    const second = directories.sync(path)
    // At once: the second sync begins in a later turn, and must find it.
    mkdirSync(path)
    await expect(first.catch(() => 'failed')).resolves.toBeOneOf(['failed', undefined])
    await second
  })

  test('works for more directories than are kept open', async () => {
    const paths = Array.from({ length: 400 }, (_, index) => join(root, String(index)))
    await Promise.all(paths.map((path) => mkdir(path)))
    await Promise.all(paths.map((path) => directories.sync(path)))
    for (const path of paths) await directories.sync(path)
  })
})

test('a directory can be removed after everything is closed', async () => {
  await directories.make(join(root, 'one'))
  await directories.close()
  await rm(root, { recursive: true })
})
