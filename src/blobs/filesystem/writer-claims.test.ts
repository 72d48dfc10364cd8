import { afterEach, expect, test } from 'bun:test'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { FilesystemBlobStore } from './filesystem-blob-store.ts'
import type { WriterClaim } from './writer-claims.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const stores: FilesystemBlobStore[] = []

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

/** A store whose claims are granted when the test does so. */
async function opened() {
  const granted = Promise.withResolvers<void>()
  const [claimed, released]: [string[], WriterClaim[]] = [[], []]
  const store = await FilesystemBlobStore.open({
    data: await temporaryDirectory(),
    cacheSize: 0,
    claims: {
      async claim(id) {
        claimed.push(id)
        await granted.promise
        return { id, number: claimed.length }
      },
      release: (claim) => void released.push(claim),
    },
  })
  stores.push(store)
  return { store, claimed, released, grant: granted.resolve }
}

test('a writer is opened when its claim is granted, and gives it back when it is closed', async () => {
  const { store, claimed, released, grant } = await opened()
  const opening = store.openUpload('u', 0)
  await Bun.sleep(5)
  expect(claimed).toEqual(['u'])
  expect(await store.size(store.uploadKey('u'))).toBeUndefined()
  grant()
  const writer = await opening
  expect(released).toEqual([])
  await writer.close()
  expect(released).toEqual([{ id: 'u', number: 1 }])
})

test('a writer that can not be opened gives its claim back', async () => {
  const { store, released, grant } = await opened()
  grant()
  await expect(store.openUpload('gone', 5)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
  expect(released).toEqual([{ id: 'gone', number: 1 }])
})

test('a writer that is revoked while it is being opened writes nothing', async () => {
  const { store, grant } = await opened()
  const opening = store.openUpload('u', 0)
  const revoked = store.revokeUpload('u')
  grant()
  await revoked
  const writer = await opening
  expect(() => writer.write(bytesOf('late'))).toThrow('took this upload over')
  await writer.close()
  expect(await store.size(store.uploadKey('u'))).toBe(0)
})
