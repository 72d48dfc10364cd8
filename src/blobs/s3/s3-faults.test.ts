import { afterAll, describe, expect, test } from 'bun:test'
import { type Fault, type FaultyProxy, startFaultyProxy } from '../../../test/support/faulty-proxy.ts'
import { requireS3, testBucket } from '../../../test/support/s3.ts'
import { digestOf } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { S3Options } from './options.ts'
import { S3BlobStore } from './s3-blob-store.ts'

const MiB = 1024 * 1024

describe.skipIf(!requireS3('an S3 server that fails now and then'))(
  'an S3 server that fails now and then',
  () => {
    const proxies: FaultyProxy[] = []

    afterAll(() => {
      for (const proxy of proxies) proxy.stop()
    })

    /** A store whose requests of this kind fail so often, one after the other, before they pass. */
    async function faulty(
      asked: { fault: Fault; times: number; of: RegExp },
      changed: Partial<S3Options> = {},
    ) {
      const options = await testBucket(changed)
      let left = asked.times
      const proxy = await startFaultyProxy(options.endpoint ?? '', (line) => {
        if (left === 0 || !asked.of.test(line)) return 'none'
        left -= 1
        return asked.fault
      })
      proxies.push(proxy)
      return {
        proxy,
        straight: new S3BlobStore(options),
        store: new S3BlobStore({ ...options, endpoint: proxy.url }),
      }
    }

    async function put(store: S3BlobStore, content: Uint8Array): Promise<string> {
      const key = store.committedKey(crypto.randomUUID(), digestOf(content))
      const writer = await store.create(key)
      for (let start = 0; start < content.length; start += 100_000)
        await writer.write(content.subarray(start, start + 100_000))
      await writer.keep()
      await writer.close()
      return key
    }

    async function readAll(store: S3BlobStore, key: string): Promise<string> {
      const pieces: Uint8Array[] = []
      for await (const piece of store.readObject(key, MiB)) pieces.push(piece.slice())
      return digestOf(Buffer.concat(pieces))
    }

    const content = new Uint8Array(11 * MiB).map((_, index) => (index * 7) % 253)

    for (const fault of ['slow-down', 'reset', 'lost-answer', 'truncated'] as const) {
      test(`${fault}: parts are sent again until they arrive`, async () => {
        const { store, straight } = await faulty({ fault, times: 3, of: /^PUT .*partNumber=/ })
        expect(await readAll(straight, await put(store, content))).toBe(digestOf(content))
      }, 60_000)

      test(`${fault}: an object is completed once, whatever became of the answer`, async () => {
        const { store, straight } = await faulty({ fault, times: 1, of: /^POST .*uploadId=/ })
        expect(await readAll(straight, await put(store, content))).toBe(digestOf(content))
      }, 60_000)

      test(`${fault}: a small object is put, read and removed all the same`, async () => {
        const { store, straight } = await faulty({ fault, times: 3, of: /registry\/blobs|delete/ })
        const key = await put(store, content.subarray(0, 1000))
        const body = await store.read(key, { size: 1000 })
        expect(body?.kind === 'bytes' && digestOf(body.bytes)).toBe(digestOf(content.subarray(0, 1000)))
        await store.remove([key])
        expect(await straight.size(key)).toBeUndefined()
      }, 60_000)
    }

    test('what fails for good is said in the protocol’s words, without a secret', async () => {
      const { store } = await faulty({ fault: 'slow-down', times: -1, of: /^GET/ })
      const failure = await store.read('blobs/any', { size: 5 }).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(RegistryError)
      expect(failure).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      expect(String((failure as RegistryError).cause)).toBe('S3Error: GetObject: 503 SlowDown')
    }, 60_000)

    test('a large object that breaks off fails for its reader', async () => {
      const { store, straight } = await faulty({ fault: 'truncated', times: 1, of: /^GET/ })
      const key = await put(straight, content)
      const body = await store.read(key, { size: content.length })
      if (body?.kind !== 'stream') throw new Error('it is no stream')
      await expect(new Response(body.stream).bytes()).rejects.toThrow()
    }, 60_000)

    test('memory stays within its limit while a slow server holds fifty uploads back, and all of them arrive', async () => {
      const { proxy, store, straight } = await faulty(
        { fault: 'none', times: 0, of: /^$/ },
        { memory: 20 * MiB, connections: 4 },
      )
      proxy.slowTo(20 * MiB)
      const before = process.memoryUsage.rss()
      let most = 0
      const watch = setInterval(() => {
        most = Math.max(most, process.memoryUsage.rss() - before)
      }, 20)
      const keys = await Promise.all(Array.from({ length: 50 }, () => put(store, content)))
      clearInterval(watch)
      // The bytes that wait are 550 MiB; the proxy is in this process too.
      expect(most).toBeLessThan(250 * MiB)
      for (const key of keys) expect(await straight.size(key)).toBe(content.length)
    }, 120_000)

    test('a part that a writer without the right overwrote is noticed, and never becomes a blob', async () => {
      const options = await testBucket()
      const [one, other] = [new S3BlobStore(options), new S3BlobStore(options)]
      const first = await one.openUpload('contested', 0, { writer: 'a', notes: null })
      await first.write(content.subarray(0, 6 * MiB))
      await first.keep()
      const notes = first.durable?.notes ?? null
      await first.close()
      // Both go on from the same record, on two processes; the one whose lease is gone sends its part last.
      const late = await one.openUpload('contested', 6 * MiB, { writer: 'b', notes })
      const winner = await other.openUpload('contested', 6 * MiB, { writer: 'c', notes })
      await winner.write(content.subarray(0, 6 * MiB))
      await winner.sync()
      await late.write(new Uint8Array(6 * MiB).fill(9))
      await late.sync()
      const commit = other.commit('contested', other.finalKey('contested'), winner.durable?.notes ?? null)
      await expect(commit).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
    }, 60_000)

    test('an object that somebody else completed meanwhile is not taken for the own one unread', async () => {
      const options = await testBucket()
      const [one, other] = [new S3BlobStore(options), new S3BlobStore(options)]
      const first = await one.openUpload('completed', 0, { writer: 'a', notes: null })
      await first.write(content)
      await first.keep()
      const notes = first.durable?.notes ?? null
      await first.close()
      const key = one.finalKey('completed')
      expect(await one.commit('completed', key, notes)).toMatchObject({ key, sure: true })
      expect(await other.commit('completed', key, notes)).toMatchObject({ key, sure: false })
    }, 60_000)
  },
)
