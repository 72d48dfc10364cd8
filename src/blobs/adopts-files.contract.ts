import { describe, expect, test } from 'bun:test'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestOf } from '../oci/digest.ts'
import type { AdoptsFiles, BlobStore, ObjectKey } from './blob-store.ts'

/** What a driver's test hands over. */
export interface AdopterUnderTest {
  readonly store: BlobStore & AdoptsFiles
  /** A directory on the filesystem that the store lies on. */
  readonly beside: string
}

const content = new TextEncoder().encode('bytes of another registry')
const digest: Digest = digestOf(content)

/** Every driver that adopts files does the same: run by each. */
export function adoptsFilesContract(name: string, prepare: () => Promise<AdopterUnderTest>): void {
  describe(`${name} keeps the contract of stores that adopt files`, () => {
    test('makes a file an object, and leaves it where it was', async () => {
      const { store, beside } = await prepare()
      const key = store.committedKey('adopted', digest)
      expect(await adopt(store, { path: await fileIn(beside), key })).toBeUndefined()
      expect(await store.size(key)).toBe(content.length)
      expect(await Bun.file(join(beside, 'file')).text()).toBe('bytes of another registry')
    })

    test('keeps the object when the file is removed, and the file when the object is', async () => {
      const { store, beside } = await prepare()
      const [one, other] = ['one', 'other'].map((id) => store.committedKey(id, digest)) as [string, string]
      const path = await fileIn(beside)
      await adopt(store, { path, key: one })
      await adopt(store, { path, key: other })
      await store.remove([one])
      expect(await Bun.file(path).bytes()).toEqual(content)
      await rm(path)
      const body = await store.read(other, { size: content.length })
      expect(body?.kind === 'file' && (await Bun.file(body.path).bytes())).toEqual(content)
    })

    test('refuses a file that took the place of the one that was read', async () => {
      const { store, beside } = await prepare()
      const key = store.committedKey('replaced', digest)
      const path = await fileIn(beside)
      const handle = await open(path, 'r')
      await writeFile(join(beside, 'newer'), 'something else')
      await rename(join(beside, 'newer'), path)
      await expect(store.adopt({ path, handle }, key)).rejects.toThrow('was replaced')
      await handle.close()
      expect(await store.size(key)).toBeUndefined()
    })

    test('never takes a key that is taken', async () => {
      const { store, beside } = await prepare()
      const key = store.committedKey('taken', digest)
      const path = await fileIn(beside)
      await adopt(store, { path, key })
      await expect(adopt(store, { path, key })).rejects.toThrow('EEXIST')
      expect(await store.size(key)).toBe(content.length)
    })
  })
}

async function fileIn(directory: string): Promise<string> {
  const path = join(directory, 'file')
  await writeFile(path, content)
  return path
}

async function adopt(store: AdoptsFiles, { path, key }: { path: string; key: ObjectKey }) {
  const handle = await open(path, 'r')
  try {
    return await store.adopt({ path, handle }, key)
  } finally {
    await handle.close()
  }
}
