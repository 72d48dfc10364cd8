import { afterAll, expect, test } from 'bun:test'
import { mkdir, readdir, rm, symlink, truncate, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { digestOf } from '../../oci/digest.ts'
import { adoptsFilesContract } from '../adopts-files.contract.ts'
import { blobStoreContract } from '../blob-store.contract.ts'
import { readsUploadsContract } from '../reads-uploads.contract.ts'
import { FilesystemBlobStore } from './filesystem-blob-store.ts'

const opened: FilesystemBlobStore[] = []

afterAll(async () => {
  for (const store of opened) await store.close()
})

async function open({ data = '', cacheSize = 1024 * 1024 } = {}): Promise<FilesystemBlobStore> {
  const store = await FilesystemBlobStore.open({ data: data || (await temporaryDirectory()), cacheSize })
  opened.push(store)
  return store
}

blobStoreContract('the filesystem', async () => {
  const data = await temporaryDirectory()
  const reopen = () => open({ data })
  return { store: await reopen(), reopen }
})

blobStoreContract('the filesystem without memory for hot objects', async () => {
  return { store: await open({ cacheSize: 0 }) }
})

readsUploadsContract('the filesystem', open)

adoptsFilesContract('the filesystem', async () => {
  const data = await temporaryDirectory()
  const beside = join(data, 'beside')
  await mkdir(beside)
  return { store: await open({ data }), beside }
})

test('lays an object where its name says its digest', async () => {
  const data = await temporaryDirectory()
  const store = await open({ data })
  const content = new TextEncoder().encode('x')
  const digest = digestOf(content)
  const writer = await store.openUpload('some-id', 0)
  await writer.write(content)
  await writer.sync()
  await writer.close()
  await store.commit('some-id', store.committedKey('some-id', digest))
  const hex = digest.slice('sha256:'.length)
  expect(await readdir(join(data, 'blobs/sha256', hex.slice(0, 2)))).toEqual([`${hex}.some-id`])
  expect(await readdir(join(data, 'uploads'))).toEqual([])
})

test('never makes a path of a key that is not its own', async () => {
  const store = await open()
  for (const key of ['../outside', 'uploads/../../x', '/etc/passwd', 'uploads/', 'blobs/md5/ab/x', 'lock']) {
    await expect(store.size(key)).rejects.toThrow('not an object key')
  }
})

test('makes the data directory with those above it', async () => {
  const data = join(await temporaryDirectory(), 'one/two/three')
  const store = await open({ data })
  await store.check()
  expect((await readdir(data)).sort()).toEqual(['blobs', 'uploads'])
})

test.each([0, 1024 * 1024])(
  'hands out no file that was cut short, with %d bytes of memory',
  async (cacheSize) => {
    const data = await temporaryDirectory()
    const store = await open({ data, cacheSize })
    const content = new TextEncoder().encode('whole and sound')
    const key = store.committedKey('some-id', digestOf(content))
    const writer = await store.create(key)
    await writer.write(content)
    await writer.keep()
    await writer.close()
    await truncate(join(data, key), 5)
    for (let round = 0; round < 4; round += 1) {
      expect(await store.read(key, { size: content.length })).toBeUndefined()
      expect(await store.read(key, { size: content.length, range: { first: 0, last: 3 } })).toBeUndefined()
    }
  },
)

test('tells how much room there is', async () => {
  const store = await open()
  expect(await store.freeSpace()).toBeGreaterThan(0)
})

test('lists what somebody else put there, by names that are no keys', async () => {
  const data = await temporaryDirectory()
  const store = await open({ data })
  const foreign = [
    'blobs/README',
    'blobs/sha256/ab/half-written',
    'blobs/sha256/ab/.nfs0001',
    'blobs/lost+found/#17',
    'uploads/Upper Case.tmp',
  ]
  for (const name of foreign) await Bun.write(join(data, name), 'planted')
  await mkdir(join(data, 'blobs/empty/directory'), { recursive: true })
  await symlink('/etc', join(data, 'uploads/link'))
  await Bun.write(join(data, 'uploads/planted'), 'planted')
  const found = []
  for await (const page of store.listStorage()) found.push(...page)
  const names = found.filter(({ key }) => key === undefined).map(({ name }) => name)
  expect(names.sort()).toEqual([...foreign, 'uploads/link'].sort())
  expect(found.filter(({ key }) => key !== undefined)).toEqual([
    { name: 'uploads/planted', key: 'uploads/planted' },
  ])
})

test('a file is as old as its place here, whatever time it was given', async () => {
  const data = await temporaryDirectory()
  const store = await open({ data })
  const before = Date.now()
  await Bun.write(join(data, 'uploads/planted'), 'planted')
  await utimes(join(data, 'uploads/planted'), 1000, 1000)
  const facts = await store.describe('uploads/planted')
  expect(facts?.size).toBe(7)
  expect(facts?.since).toBeGreaterThan(before - 1000)
})

test('directories that somebody removed under a running server are made again', async () => {
  const data = await temporaryDirectory()
  const store = await open({ data })
  const digest = digestOf(new TextEncoder().encode('content'))
  const put = async (id: string) => {
    const key = store.committedKey(id, digest)
    const writer = await store.create(key)
    await writer.write(new TextEncoder().encode('content'))
    await writer.keep()
    await writer.close()
    return key
  }
  await put('first')
  await rm(join(data, 'blobs'), { recursive: true })
  expect(await store.size(await put('second'))).toBe(7)
  const upload = await store.openUpload('third', 0)
  await upload.keep()
  await upload.close()
  await rm(join(data, 'blobs'), { recursive: true })
  await store.commit('third', store.committedKey('third', digest))
  expect(await store.size(store.committedKey('third', digest))).toBe(0)
})

test('what a writer that was overtaken elsewhere does later, it does to no object', async () => {
  const data = await temporaryDirectory()
  const [here, elsewhere] = [await open({ data }), await open({ data })]
  const session = { writer: 'w', notes: null, shared: true }
  const content = new TextEncoder().encode('acknowledged')
  const late = await here.openUpload('overtaken', 0, session)
  await late.write(new TextEncoder().encode('acknow'))
  const writer = await elsewhere.openUpload('overtaken', 0, session)
  await writer.write(content)
  await writer.keep()
  // It gives up, and takes nothing away.
  await late.discard()
  const key = elsewhere.committedKey('overtaken', digestOf(content))
  expect(await elsewhere.commit('overtaken', key, null, { contested: true })).toMatchObject({
    key,
    sure: false,
  })
  await late.close()
  expect(await elsewhere.size(key)).toBe(content.length)
  expect(await readdir(join(data, 'uploads'))).toEqual([])
})
