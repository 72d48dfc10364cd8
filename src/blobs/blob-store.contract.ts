import { describe, expect, test } from 'bun:test'
import { type Digest, digestOf } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import type { BlobBody, BlobStore, ListsStorage, Lying, ReadsObjects } from './blob-store.ts'

/** Every driver so far has these abilities too. */
type InspectedStore = BlobStore & ReadsObjects & ListsStorage

/** What a driver's test hands over. */
export interface StoreUnderTest {
  readonly store: InspectedStore
  /** The same storage, opened anew as after a restart; undefined where nothing survives one. */
  reopen?(): Promise<InspectedStore>
}

const text = (value: string) => new TextEncoder().encode(value)

/** Every driver of blobs does the same: run by each. */
export function blobStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of blob stores`, () => {
    test('gives back what was uploaded and committed', async () => {
      const { store } = await open()
      const digest = await stored(store, 'a1', text('hello'))
      expect(await read(store, store.committedKey('a1', digest), 5)).toBe('hello')
      expect(await store.size(store.committedKey('a1', digest))).toBe(5)
    })

    test('keeps the order of many chunks, whatever their sizes', async () => {
      const { store } = await open()
      const chunks = Array.from({ length: 300 }, (_, index) =>
        new Uint8Array((index * 7919) % 70_000).fill(index),
      )
      const whole = Buffer.concat(chunks)
      const writer = await store.openUpload('many', 0)
      for (const chunk of chunks) await writer.write(chunk)
      await writer.sync()
      await writer.close()
      const digest = digestOf(whole)
      await store.commit('many', store.committedKey('many', digest))
      expect(digestOf(await bytes(store, store.committedKey('many', digest), whole.length))).toBe(digest)
    })

    test('makes an object under its key at once', async () => {
      const { store } = await open()
      const digest = digestOf(text('at once'))
      const key = store.committedKey('direct', digest)
      const writer = await store.create(key)
      await writer.write(text('at '))
      await writer.write(text('once'))
      await writer.keep()
      await writer.close()
      expect(await read(store, key, 7)).toBe('at once')
      await store.remove([key])
      expect(await store.size(key)).toBeUndefined()
    })

    test('stores a blob of no bytes', async () => {
      const { store } = await open()
      const digest = await stored(store, 'empty', new Uint8Array())
      expect(await store.size(store.committedKey('empty', digest))).toBe(0)
      expect(await read(store, store.committedKey('empty', digest), 0)).toBe('')
    })

    test('reads the part that is asked for', async () => {
      const { store } = await open()
      const digest = await stored(store, 'part', text('0123456789'))
      const key = store.committedKey('part', digest)
      expect(await read(store, key, 10, { first: 2, last: 4 })).toBe('234')
      expect(await read(store, key, 10, { first: 9, last: 9 })).toBe('9')
      expect(await read(store, key, 10, { first: 0, last: 9 })).toBe('0123456789')
    })

    test('gives the same bytes however often an object is read', async () => {
      const { store } = await open()
      const digest = await stored(store, 'often', text('again and again'))
      const key = store.committedKey('often', digest)
      for (let round = 0; round < 5; round += 1) expect(await read(store, key, 15)).toBe('again and again')
      expect(await read(store, key, 15, { first: 0, last: 4 })).toBe('again')
    })

    test('goes on with an upload that was kept', async () => {
      const { store } = await open()
      await kept(store, 'two-steps', 0, text('first,'))
      const writer = await store.openUpload('two-steps', 6)
      await writer.write(text('second'))
      await writer.sync()
      await writer.close()
      const digest = digestOf(text('first,second'))
      await store.commit('two-steps', store.committedKey('two-steps', digest))
      expect(await read(store, store.committedKey('two-steps', digest), 12)).toBe('first,second')
    })

    test('drops what lies behind the offset that an upload goes on from', async () => {
      const { store } = await open()
      await kept(store, 'behind', 0, text('durable and not'))
      await kept(store, 'behind', 7, text('!'))
      expect(await uploadText(store, 'behind', 8)).toBe('durable!')
      await expect(uploadText(store, 'behind', 9)).rejects.toThrow()
    })

    test('starts over at offset 0', async () => {
      const { store } = await open()
      await kept(store, 'over', 0, text('a long beginning'))
      await kept(store, 'over', 0, text('short'))
      expect(await uploadText(store, 'over', 5)).toBe('short')
    })

    test('drops what a writer wrote when it is told to', async () => {
      const { store } = await open()
      await kept(store, 'discard', 0, text('stays,'))
      const writer = await store.openUpload('discard', 6)
      await writer.write(text('goes'))
      await writer.discard()
      await writer.close()
      await kept(store, 'discard', 6, text('too'))
      expect(await uploadText(store, 'discard', 9)).toBe('stays,too')
    })

    test('never mixes the bytes of two writers of one upload', async () => {
      const { store } = await open()
      const late = await store.openUpload('contested', 0)
      await late.write(text('old'))
      const winner = await store.openUpload('contested', 0)
      await winner.write(text('new'))
      const lateWrite = async () => {
        await late.write(text('more of the old'))
        await late.sync()
      }
      await expect(lateWrite()).rejects.toBeInstanceOf(RegistryError)
      await late.close()
      await winner.keep()
      await winner.close()
      expect(await uploadText(store, 'contested', 3)).toBe('new')
    })

    test('a writer that was overtaken takes nothing of the other away when it gives up', async () => {
      const { store } = await open()
      const late = await store.openUpload('overtaken', 0)
      await late.write(text('old'))
      await kept(store, 'overtaken', 0, text('acknowledged'))
      await late.discard()
      await late.close()
      expect(await uploadText(store, 'overtaken', 12)).toBe('acknowledged')
    })

    test('commits again after a crash between the commit and its record', async () => {
      const { store } = await open()
      const digest = await stored(store, 'twice', text('committed'))
      await store.commit('twice', store.committedKey('twice', digest))
      expect(await read(store, store.committedKey('twice', digest), 9)).toBe('committed')
    })

    test('refuses to commit what was never uploaded, or was cancelled, as an upload that is not there', async () => {
      const { store } = await open()
      const key = store.committedKey('never', digestOf(text('x')))
      await expect(store.commit('never', key)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
    })

    test('keeps two objects of one digest apart', async () => {
      const { store } = await open()
      const digest = await stored(store, 'one', text('same'))
      await stored(store, 'other', text('same'))
      await store.remove([store.committedKey('one', digest)])
      expect(await store.size(store.committedKey('one', digest))).toBeUndefined()
      expect(await read(store, store.committedKey('other', digest), 4)).toBe('same')
    })

    test('removes objects, and does not mind those that are gone', async () => {
      const { store } = await open()
      const digest = await stored(store, 'gone', text('bytes'))
      const key = store.committedKey('gone', digest)
      await read(store, key, 5)
      await store.remove([key, store.uploadKey('never-there')])
      await store.remove([key])
      expect(await store.size(key)).toBeUndefined()
    })

    test('stores sha512 beside sha256', async () => {
      const { store } = await open()
      const content = text('long digest')
      const digest = digestOf(content, 'sha512')
      await kept(store, 'wide', 0, content)
      await store.commit('wide', store.committedKey('wide', digest))
      expect(await read(store, store.committedKey('wide', digest), content.length)).toBe('long digest')
    })

    test('gives uploads back that it was asked to hash again', async () => {
      const { store } = await open()
      const content = new Uint8Array(3_000_000).map((_, index) => index % 251)
      await kept(store, 'hashed', 0, content)
      const hasher = new Bun.CryptoHasher('sha256')
      for await (const chunk of store.readUpload('hashed', 2_500_000)) hasher.update(chunk)
      expect(`sha256:${hasher.digest('hex')}`).toBe(digestOf(content.subarray(0, 2_500_000)))
    })

    test('reads an object piece by piece, whatever the size of the pieces', async () => {
      const { store } = await open()
      const content = new Uint8Array(500_000).map((_, index) => index % 251)
      const key = store.committedKey('pieces', await stored(store, 'pieces', content))
      for (const size of [1000, 4096, 499_999, 500_000, 500_001, 9_000_000]) {
        const pieces: Uint8Array[] = []
        for await (const piece of store.readObject(key, size)) pieces.push(piece.slice())
        expect(Buffer.concat(pieces).equals(content)).toBe(true)
        expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(size)
      }
    })

    test('reads an object of no bytes as no pieces, and fails where there is no object', async () => {
      const { store } = await open()
      const key = store.committedKey('none', await stored(store, 'none', new Uint8Array()))
      for await (const piece of store.readObject(key, 10)) expect(piece).toBe(new Uint8Array())
      await store.remove([key])
      const read = async () => {
        for await (const piece of store.readObject(key, 10)) expect(piece).toBeUndefined()
      }
      await expect(read()).rejects.toThrow()
    })

    test('can be left in the middle of an object', async () => {
      const { store } = await open()
      const key = store.committedKey('left', await stored(store, 'left', new Uint8Array(100_000).fill(7)))
      for (let round = 0; round < 20; round += 1) {
        for await (const piece of store.readObject(key, 1000)) {
          expect(piece).toHaveLength(1000)
          break
        }
      }
      expect(await store.size(key)).toBe(100_000)
    })

    test('lists what lies in it, uploads and objects alike, and describes it', async () => {
      const { store } = await open()
      const digest = await stored(store, 'listed', text('twelve bytes'))
      const key = store.committedKey('listed', digest)
      await kept(store, 'unfinished', 0, text('half'))
      await store.check()
      const found: Lying[] = []
      for await (const page of store.listStorage()) found.push(...page)
      expect(found.map(({ key: each }) => each).sort()).toEqual([key, store.uploadKey('unfinished')].sort())
      const name = found.find((each) => each.key === key)?.name ?? ''
      expect(await store.describe(name)).toMatchObject({ size: 12 })
      await store.remove([key])
      expect(await store.describe(name)).toBeUndefined()
    })

    test('has kept everything after a restart', async () => {
      const { store, reopen } = await open()
      if (!reopen) return
      const digest = await stored(store, 'lasting', text('still here'))
      await kept(store, 'open', 0, text('half'))
      const again = await reopen()
      expect(await read(again, again.committedKey('lasting', digest), 10)).toBe('still here')
      await kept(again, 'open', 4, text('+half'))
      expect(await uploadText(again, 'open', 9)).toBe('half+half')
    })

    test('says that it works', async () => {
      const { store } = await open()
      await store.check()
    })
  })
}

async function kept(store: BlobStore, id: string, offset: number, content: Uint8Array): Promise<void> {
  const writer = await store.openUpload(id, offset)
  await writer.write(content)
  await writer.keep()
  await writer.close()
}

async function stored(store: BlobStore, id: string, content: Uint8Array): Promise<Digest> {
  await kept(store, id, 0, content)
  const digest = digestOf(content)
  await store.commit(id, store.committedKey(id, digest))
  return digest
}

async function uploadText(store: BlobStore, id: string, length: number): Promise<string> {
  let found = ''
  for await (const chunk of store.readUpload(id, length)) found += new TextDecoder().decode(chunk)
  return found
}

async function bytes(
  store: BlobStore,
  key: string,
  size: number,
  range?: { first: number; last: number },
): Promise<Uint8Array> {
  const body: BlobBody | undefined = await store.read(key, range ? { size, range } : { size })
  if (!body) throw new Error(`no object ${key}`)
  if (body.kind === 'bytes') return body.bytes
  const file = Bun.file(body.path)
  return (body.range ? file.slice(body.range.first, body.range.last + 1) : file).bytes()
}

async function read(...args: Parameters<typeof bytes>): Promise<string> {
  return new TextDecoder().decode(await bytes(...args))
}
