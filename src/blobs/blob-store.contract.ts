import { describe, expect, test } from 'bun:test'
import { digestOf } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import type { Lying } from './blob-store.ts'
import {
  bytes,
  committed,
  finished,
  type InspectedStore,
  kept,
  notesOf,
  openWriter,
  read,
  stored,
  storedAtOnce,
  text,
} from './contract-steps.ts'

/** What a driver's test hands over. */
export interface StoreUnderTest {
  readonly store: InspectedStore
  /** The same storage, opened anew as after a restart; undefined where nothing survives one. */
  reopen?(): Promise<InspectedStore>
}

/** Every driver of blobs does the same: run by each. */
export function blobStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of blob stores`, () => {
    test('gives back what was uploaded and committed', async () => {
      const { store } = await open()
      const key = await stored(store, 'a1', text('hello'))
      expect(await read(store, key, 5)).toBe('hello')
      expect(await store.size(key)).toBe(5)
    })

    test('keeps the order of many chunks, whatever their sizes', async () => {
      const { store } = await open()
      const chunks = Array.from({ length: 300 }, (_, index) =>
        new Uint8Array((index * 7919) % 70_000).fill(index),
      )
      const whole = Buffer.concat(chunks)
      const writer = await openWriter(store, 'many')
      for (const chunk of chunks) await writer.write(chunk)
      await writer.sync()
      await writer.close()
      const key = await committed(store, 'many', notesOf(writer))
      expect(digestOf(await bytes(store, key, whole.length))).toBe(digestOf(whole))
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
      const key = await storedAtOnce(store, 'empty', new Uint8Array())
      expect(await store.size(key)).toBe(0)
      expect(await read(store, key, 0)).toBe('')
    })

    test('reads the part that is asked for', async () => {
      const { store } = await open()
      const key = await stored(store, 'part', text('0123456789'))
      expect(await read(store, key, 10, { first: 2, last: 4 })).toBe('234')
      expect(await read(store, key, 10, { first: 9, last: 9 })).toBe('9')
      expect(await read(store, key, 10, { first: 0, last: 9 })).toBe('0123456789')
    })

    test('gives the same bytes however often an object is read', async () => {
      const { store } = await open()
      const key = await stored(store, 'often', text('again and again'))
      for (let round = 0; round < 5; round += 1) expect(await read(store, key, 15)).toBe('again and again')
      expect(await read(store, key, 15, { first: 0, last: 4 })).toBe('again')
    })

    test('goes on with an upload that was kept', async () => {
      const { store } = await open()
      const notes = await kept(store, 'two-steps', 0, text('first,'))
      const writer = await openWriter(store, 'two-steps', 6, notes)
      await writer.write(text('second'))
      await writer.sync()
      await writer.close()
      expect(await finished(store, 'two-steps', notesOf(writer))).toBe('first,second')
    })

    test('drops what lies behind the offset that an upload goes on from', async () => {
      const { store } = await open()
      const onRecord = await kept(store, 'behind', 0, text('durable'))
      await kept(store, 'behind', 7, text(' and not'), onRecord)
      const notes = await kept(store, 'behind', 7, text('!'), onRecord)
      expect(await finished(store, 'behind', notes)).toBe('durable!')
    })

    test('starts over at offset 0', async () => {
      const { store } = await open()
      await kept(store, 'over', 0, text('a long beginning'))
      const notes = await kept(store, 'over', 0, text('short'))
      expect(await finished(store, 'over', notes)).toBe('short')
    })

    test('drops what a writer wrote when it is told to', async () => {
      const { store } = await open()
      const onRecord = await kept(store, 'discard', 0, text('stays,'))
      const writer = await openWriter(store, 'discard', 6, onRecord)
      await writer.write(text('goes'))
      await writer.discard()
      await writer.close()
      const notes = await kept(store, 'discard', 6, text('too'), onRecord)
      expect(await finished(store, 'discard', notes)).toBe('stays,too')
    })

    test('never mixes the bytes of two writers of one upload', async () => {
      const { store } = await open()
      const late = await openWriter(store, 'contested')
      await late.write(text('old'))
      const winner = await openWriter(store, 'contested')
      await winner.write(text('new'))
      const lateWrite = async () => {
        await late.write(text('more of the old'))
        await late.sync()
      }
      await expect(lateWrite()).rejects.toBeInstanceOf(RegistryError)
      await late.close()
      await winner.keep()
      await winner.close()
      expect(await finished(store, 'contested', notesOf(winner))).toBe('new')
    })

    test('a writer that was overtaken takes nothing of the other away when it gives up', async () => {
      const { store } = await open()
      const late = await openWriter(store, 'overtaken')
      await late.write(text('old'))
      const notes = await kept(store, 'overtaken', 0, text('acknowledged'))
      await late.discard()
      await late.close()
      expect(await finished(store, 'overtaken', notes)).toBe('acknowledged')
    })

    test('commits again after a crash between the commit and its record', async () => {
      const { store } = await open()
      const notes = await kept(store, 'twice', 0, text('committed'))
      await committed(store, 'twice', notes)
      expect(await finished(store, 'twice', notes)).toBe('committed')
    })

    test('refuses to commit what was never uploaded, or was cancelled, as an upload that is not there', async () => {
      const { store } = await open()
      const key = store.committedKey('never', digestOf(text('x')))
      await expect(store.commit('never', key, null)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
    })

    test('keeps two objects of one digest apart', async () => {
      const { store } = await open()
      const one = await stored(store, 'one', text('same'))
      const other = await stored(store, 'other', text('same'))
      await store.remove([one])
      expect(await store.size(one)).toBeUndefined()
      expect(await read(store, other, 4)).toBe('same')
    })

    test('removes objects, and does not mind those that are gone', async () => {
      const { store } = await open()
      const key = await stored(store, 'gone', text('bytes'))
      await read(store, key, 5)
      await store.remove([key, store.uploadKey('never-there')])
      await store.remove([key])
      expect(await store.size(key)).toBeUndefined()
    })

    test('stores sha512 beside sha256', async () => {
      const { store } = await open()
      const content = text('long digest')
      const key = store.committedKey('wide', digestOf(content, 'sha512'))
      const writer = await store.create(key)
      await writer.write(content)
      await writer.keep()
      await writer.close()
      expect(await read(store, key, content.length)).toBe('long digest')
    })

    test('reads an object piece by piece, whatever the size of the pieces', async () => {
      const { store } = await open()
      const content = new Uint8Array(500_000).map((_, index) => index % 251)
      const key = await stored(store, 'pieces', content)
      for (const size of [1000, 4096, 499_999, 500_000, 500_001, 9_000_000]) {
        const pieces: Uint8Array[] = []
        for await (const piece of store.readObject(key, size)) pieces.push(piece.slice())
        expect(Buffer.concat(pieces).equals(content)).toBe(true)
        expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(size)
      }
    })

    test('reads an object of no bytes as no pieces, and fails where there is no object', async () => {
      const { store } = await open()
      const key = await storedAtOnce(store, 'none', new Uint8Array())
      for await (const piece of store.readObject(key, 10)) expect(piece).toBe(new Uint8Array())
      await store.remove([key])
      const read = async () => {
        for await (const piece of store.readObject(key, 10)) expect(piece).toBeUndefined()
      }
      await expect(read()).rejects.toThrow()
    })

    test('can be left in the middle of an object', async () => {
      const { store } = await open()
      const key = await stored(store, 'left', new Uint8Array(100_000).fill(7))
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
      const key = await stored(store, 'listed', text('twelve bytes'))
      await kept(store, 'unfinished', 0, text('half'))
      await store.check()
      const found: Lying[] = []
      for await (const page of store.listStorage()) found.push(...page)
      const names = found.map((each) => (each.key === key ? key : (each.upload ?? each.key)))
      expect(names.sort()).toEqual([key, store.uploadKey('unfinished')].sort())
      const name = found.find((each) => each.key === key)?.name ?? ''
      expect(await store.describe(name)).toMatchObject({ size: 12 })
      await store.remove([key])
      expect(await store.describe(name)).toBeUndefined()
    })

    test('has kept everything after a restart', async () => {
      const { store, reopen } = await open()
      if (!reopen) return
      const key = await stored(store, 'lasting', text('still here'))
      const onRecord = await kept(store, 'open', 0, text('half'))
      const again = await reopen()
      expect(await read(again, key, 10)).toBe('still here')
      const notes = await kept(again, 'open', 4, text('+half'), onRecord)
      expect(await finished(again, 'open', notes)).toBe('half+half')
    })

    test('says that it works', async () => {
      const { store } = await open()
      await store.check()
    })
  })
}
