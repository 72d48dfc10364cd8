import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { copyFileSync, cpSync, existsSync, rmSync, statSync } from 'node:fs'
import { readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../../test/support/berth.ts'
import { app, manifest, storeBlob, tag } from '../../contract/fixtures.ts'
import type { JournalState, MetadataStore } from '../../metadata-store.ts'
import { openSqliteMetadataStore } from '../sqlite-metadata-store.ts'
import { replayJournal } from './replay.ts'

async function open(data: string): Promise<{ store: MetadataStore; states: JournalState[] }> {
  const states: JournalState[] = []
  const store = await openSqliteMetadataStore({
    path: join(data, 'metadata.sqlite'),
    berth: '0.1.0',
    journal: { directory: join(data, 'journal'), told: (state) => states.push(state) },
  })
  return { store, states }
}

function push(store: MetadataStore, name: string) {
  return store.change('putManifest', manifest(name, { tags: [tag(name)] }))
}

/** The tags that the journal tells, and what it can't. */
async function told(data: string) {
  const tags = new Set<string>()
  const losses: string[] = []
  for await (const entry of replayJournal(join(data, 'journal'))) {
    if (entry.kind === 'loss') losses.push(entry.what)
    else if (entry.record.table === 'tags') {
      if (entry.record.is === 'so') tags.add(String(entry.record.values[1]))
      else tags.delete(String(entry.record.key[1]))
    }
  }
  return { tags: [...tags].sort(), losses }
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 800; attempt += 1) {
    if (await what()) return
    await Bun.sleep(25)
  }
  throw new Error('it did not come')
}

/** The files of the journal, by name. */
async function namesOf(data: string): Promise<string[]> {
  return (await readdir(join(data, 'journal')).catch(() => [])).sort()
}

function query<T>(data: string, text: string): T | null {
  const database = new Database(join(data, 'metadata.sqlite'), { readonly: true })
  try {
    return database.query<T, []>(text).get()
  } finally {
    database.close()
  }
}

const queued = (data: string) =>
  query<{ count: number }>(data, 'select count(*) as count from journal_queue')?.count

test('a change stands in the journal right after its commit, and leaves the queue once it is synced', async () => {
  const data = await temporaryDirectory()
  const { store } = await open(data)
  await until(() => existsSync(join(data, 'journal', '1.snapshot')))
  await until(async () => (await namesOf(data)).length === 2)
  await push(store, 'first')
  await until(async () => (await told(data)).tags.length > 0)
  expect(await told(data)).toEqual({ tags: ['first'], losses: [] })
  await until(() => queued(data) === 0)
  await store.close()
})

test('what another process changes is journaled too', async () => {
  const data = await temporaryDirectory()
  const { store } = await open(data)
  await push(store, 'first')
  const beside = await openSqliteMetadataStore({ path: join(data, 'metadata.sqlite'), berth: '0.1.0' })
  await push(beside, 'second')
  await beside.close()
  await until(async () => (await told(data)).tags.includes('second'))
  await store.close()
})

test('what was changed while nobody kept the journal is written at the next start', async () => {
  const data = await temporaryDirectory()
  await (await open(data)).store.close()
  const alone = await openSqliteMetadataStore({ path: join(data, 'metadata.sqlite'), berth: '0.1.0' })
  for (let index = 0; index < 400; index += 1) await push(alone, `tag-${index}`)
  await alone.close()
  expect((await told(data)).tags).toEqual([])
  await (await open(data)).store.close()
  expect((await told(data)).tags).toHaveLength(400)
})

test('files and directory are for the registry’s own user alone', async () => {
  const data = await temporaryDirectory()
  const { store } = await open(data)
  await push(store, 'first')
  await store.close()
  expect(statSync(join(data, 'journal')).mode & 0o777).toBe(0o700)
  const names = await namesOf(data)
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) expect(statSync(join(data, 'journal', name)).mode & 0o777).toBe(0o600)
})

test('a journal that can’t be written stops no change, is told, and catches up', async () => {
  const data = await temporaryDirectory()
  await writeFile(join(data, 'journal'), 'a file where the directory should be')
  const { store, states } = await open(data)
  await storeBlob(store)
  await push(store, 'kept')
  await until(() => (states.at(-1)?.waiting ?? 0) > 0 && states.at(-1)?.failure !== undefined)
  expect(await store.findTagged({ repository: app, tag: tag('kept') })).toBeDefined()
  await rename(join(data, 'journal'), join(data, 'moved'))
  await until(() => states.at(-1)?.failure === undefined && states.at(-1)?.waiting === 0)
  expect(await told(data)).toMatchObject({ tags: ['kept'] })
  await store.close()
  expect(await told(data)).toEqual({ tags: ['kept'], losses: [] })
})

test('a journal that was taken away is begun again with everything', async () => {
  const data = await temporaryDirectory()
  const first = await open(data)
  await push(first.store, 'before')
  await first.store.close()
  rmSync(join(data, 'journal'), { recursive: true })
  const second = await open(data)
  await until(async () => (await namesOf(data)).some((name) => name.endsWith('.snapshot')))
  await second.store.close()
  expect(await told(data)).toEqual({ tags: ['before'], losses: [] })
})

test('a journal that is taken away under a running server is begun again with everything', async () => {
  const data = await temporaryDirectory()
  const { store } = await open(data)
  await push(store, 'before')
  await until(async () => (await namesOf(data)).join() === '1.log,1.snapshot')
  rmSync(join(data, 'journal'), { recursive: true })
  await push(store, 'after')
  await until(async () => (await told(data)).tags.join() === 'after,before')
  await store.close()
  expect(await told(data)).toEqual({ tags: ['after', 'before'], losses: [] })
})

test('a database that was put back from an older copy is not mixed with what the journal told of the newer', async () => {
  const data = await temporaryDirectory()
  const file = join(data, 'metadata.sqlite')
  const first = await open(data)
  await push(first.store, 'old')
  await first.store.close()
  const copy = await temporaryDirectory()
  copyFileSync(file, join(copy, 'metadata.sqlite'))
  const second = await open(data)
  await push(second.store, 'new')
  await second.store.close()
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
  copyFileSync(join(copy, 'metadata.sqlite'), file)
  const third = await open(data)
  await until(async () => (await told(data)).tags.join() === 'old')
  await third.store.close()
})

test('a tail that a crash left is no loss once the next start has written it again', async () => {
  const data = await temporaryDirectory()
  const { store } = await open(data)
  await until(async () => (await namesOf(data)).join() === '1.log,1.snapshot')
  await push(store, 'told')
  await until(async () => (await told(data)).tags.length > 0)
  // The crash: everything as it lies there, with the queue not emptied yet, and the last write cut short.
  const crashed = await temporaryDirectory()
  cpSync(data, crashed, { recursive: true })
  await store.close()
  const path = join(crashed, 'journal', '1.log')
  const bytes = await Bun.file(path).bytes()
  await writeFile(path, bytes.subarray(0, bytes.length - 3))
  expect(await told(crashed)).toEqual({ tags: [], losses: ['torn'] })
  await (await open(crashed)).store.close()
  expect(await told(crashed)).toEqual({ tags: ['told'], losses: [] })
})
