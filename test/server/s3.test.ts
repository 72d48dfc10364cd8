import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { S3Options } from '../../src/blobs/s3/options.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { freePort, type RunningBerth, startBerth } from '../support/berth.ts'
import { blobUrl, bytesOf, openUpload, pushBlob } from '../support/push.ts'
import { bucketContents, bucketEnvironment, requireS3, testBucket } from '../support/s3.ts'

const MiB = 1024 * 1024

function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let start = 0; start < length; start += 65_536)
    crypto.getRandomValues(bytes.subarray(start, start + 65_536))
  return bytes
}

function patch(location: string, body: Uint8Array<ArrayBuffer>, first: number): Promise<Response> {
  const range = `${first}-${first + body.length - 1}`
  return fetch(location, { method: 'PATCH', body, headers: { 'Content-Range': range } })
}

async function pulled(url: string): Promise<string> {
  return digestOf(await (await fetch(url)).bytes())
}

describe.skipIf(!requireS3('a server whose blobs lie in S3'))('a server whose blobs lie in S3', () => {
  let bucket: S3Options
  let berth: RunningBerth

  beforeAll(async () => {
    bucket = await testBucket()
    berth = await startBerth({ env: { ...bucketEnvironment(bucket), BERTH_GC_INTERVAL: '1s' } })
  })

  afterAll(async () => {
    await berth.stop()
  })

  const remote = (repository: string) => ({ url: berth.url, repository })

  test('says where the blobs lie, and no credentials', async () => {
    expect(berth.output()).toContain(`s3://${bucket.bucket}/registry/`)
    expect(berth.output()).not.toContain('SKTEST')
    expect((await fetch(`${berth.url}/readyz`)).status).toBe(200)
  })

  test('takes and gives blobs of no bytes, of few and of several parts', async () => {
    for (const size of [0, 1, 100_000, 300_000, 13 * MiB + 7]) {
      const content = noise(size)
      const digest = await pushBlob(remote('sizes'), content)
      const url = blobUrl(remote('sizes'), digest)
      const head = await fetch(url, { method: 'HEAD' })
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(size)])
      expect(await pulled(url)).toBe(digest)
    }
  })

  test('gives the range that is asked for, of small blobs and of large ones', async () => {
    for (const size of [50_000, 7 * MiB]) {
      const content = noise(size)
      const url = blobUrl(remote('ranges'), await pushBlob(remote('ranges'), content))
      for (const [header, first, last] of [
        ['bytes=0-0', 0, 0],
        ['bytes=1000-20999', 1000, 20_999],
        ['bytes=-5', size - 5, size - 1],
        [`bytes=${size - 10}-`, size - 10, size - 1],
      ] as const) {
        const part = await fetch(url, { headers: { Range: header } })
        expect(part.status).toBe(206)
        expect(part.headers.get('content-range')).toBe(`bytes ${first}-${last}/${size}`)
        expect(Buffer.from(await part.bytes()).equals(content.subarray(first, last + 1))).toBe(true)
      }
      expect((await fetch(url, { headers: { Range: `bytes=${size}-` } })).status).toBe(416)
    }
  })

  test('a chunked upload of small and large chunks becomes one object, and leaves nothing else', async () => {
    const content = noise(14 * MiB)
    const location = await openUpload(remote('chunks'))
    const cuts = [0, 3, MiB, 2 * MiB, 9 * MiB, 9 * MiB + 1, 13 * MiB]
    for (const [index, first] of cuts.entries()) {
      const answer = await patch(location, content.subarray(first, cuts[index + 1] ?? 13 * MiB + 5), first)
      expect(answer.status).toBe(202)
      expect(answer.headers.get('range')).toBe(`0-${(cuts[index + 1] ?? 13 * MiB + 5) - 1}`)
    }
    const digest = digestOf(content)
    const rest = content.subarray(13 * MiB + 5)
    const closed = await fetch(`${location}?digest=${digest}`, { method: 'PUT', body: rest })
    expect(closed.status).toBe(201)
    expect(await pulled(blobUrl(remote('chunks'), digest))).toBe(digest)
    const id = location.split('/').at(-1) ?? ''
    const { begun } = await bucketContents(bucket)
    expect(begun.filter((key) => key.includes(id))).toEqual([])
  })

  test('a streamed upload that is closed without a body, as Docker does, is hashed once and stays where it is', async () => {
    for (const size of [1500, 11 * MiB]) {
      const content = noise(size)
      const location = await openUpload(remote('docker'))
      expect((await fetch(location, { method: 'PATCH', body: content })).status).toBe(202)
      const digest = digestOf(content)
      expect((await fetch(`${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201)
      expect(await pulled(blobUrl(remote('docker'), digest))).toBe(digest)
      const id = location.split('/').at(-1) ?? ''
      const left = async () => (await bucketContents(bucket)).objects.filter((key) => key.includes(id))
      for (let attempt = 0; attempt < 50 && (await left()).length > 1; attempt += 1) await Bun.sleep(200)
      expect(await left()).toHaveLength(1)
    }
  })

  test('an upload goes on after the server was killed', async () => {
    const own = await testBucket()
    const first = await startBerth({ env: bucketEnvironment(own) })
    const content = noise(9 * MiB)
    const location = await openUpload({ url: first.url, repository: 'lasting' })
    await patch(location, content.subarray(0, 7 * MiB), 0)
    await first.stop('SIGKILL')
    const again = await startBerth({ data: first.data, port: first.port, env: bucketEnvironment(own) })
    const status = await fetch(location)
    expect([status.status, status.headers.get('range')]).toEqual([204, `0-${7 * MiB - 1}`])
    await patch(location, content.subarray(7 * MiB), 7 * MiB)
    const digest = digestOf(content)
    expect((await fetch(`${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201)
    expect(await pulled(blobUrl({ url: again.url, repository: 'lasting' }, digest))).toBe(digest)
    await again.stop()
  })

  test('a digest of another algorithm than the upload began with is found by reading once', async () => {
    const content = noise(6 * MiB)
    const location = await openUpload(remote('wide'))
    await fetch(location, { method: 'PATCH', body: content })
    const digest = digestOf(content, 'sha512')
    expect((await fetch(`${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201)
    expect((await fetch(blobUrl(remote('wide'), digest), { method: 'HEAD' })).status).toBe(200)
  })

  test('a wrong digest and a cancelled upload leave nothing in the bucket', async () => {
    const content = noise(12 * MiB)
    const wrong = await openUpload(remote('wrong'))
    await patch(wrong, content.subarray(0, 11 * MiB), 0)
    const asked = digestOf(bytesOf('something else'))
    const refused = await fetch(`${wrong}?digest=${asked}`, {
      method: 'PUT',
      body: content.subarray(11 * MiB),
    })
    expect(refused.status).toBe(400)
    const cancelled = await openUpload(remote('wrong'))
    await patch(cancelled, content, 0)
    expect((await fetch(cancelled, { method: 'DELETE' })).status).toBe(204)
    const { objects, begun } = await bucketContents(bucket)
    for (const location of [wrong, cancelled]) {
      const id = location.split('/').at(-1) ?? ''
      expect([...objects, ...begun].filter((key) => key.includes(id))).toEqual([])
    }
  })

  test('mounts across repositories without a word to the storage', async () => {
    const digest = await pushBlob(remote('source'), noise(1000))
    const mount = `?mount=${digest}&from=source`
    const answer = await fetch(`${berth.url}/v2/target/blobs/uploads/${mount}`, { method: 'POST' })
    expect(answer.status).toBe(201)
    expect(await pulled(blobUrl(remote('target'), digest))).toBe(digest)
  })

  test('an object that is gone is a clean 404, small or large, and a push heals it', async () => {
    for (const content of [noise(1000), noise(6 * MiB)]) {
      const before = new Set((await bucketContents(bucket)).objects)
      const digest = await pushBlob(remote('gone'), content)
      const made = (await bucketContents(bucket)).objects.filter((key) => !before.has(key))
      expect(made).toHaveLength(1)
      const { S3BlobStore } = await import('../../src/blobs/s3/s3-blob-store.ts')
      await new S3BlobStore(bucket).remove(made.map((key) => key.slice(bucket.prefix.length)))
      expect((await fetch(blobUrl(remote('gone'), digest))).status).toBe(404)
      expect((await fetch(blobUrl(remote('gone'), digest), { method: 'HEAD' })).status).toBe(404)
      await pushBlob(remote('gone'), content)
      expect(await pulled(blobUrl(remote('gone'), digest))).toBe(digest)
    }
  })

  test('sends clients to the storage where it is told to, and says the address to nobody else', async () => {
    const env = { ...bucketEnvironment(await testBucket()), BERTH_STORAGE_S3_REDIRECT: 'true' }
    const own = await startBerth({ env })
    const digest = await pushBlob({ url: own.url, repository: 'sent' }, noise(6 * MiB))
    const url = blobUrl({ url: own.url, repository: 'sent' }, digest)
    const answer = await fetch(url, { redirect: 'manual' })
    expect(answer.status).toBe(307)
    expect(answer.headers.get('location')).toContain('X-Amz-Expires=600')
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect((await fetch(url, { method: 'HEAD', redirect: 'manual' })).status).toBe(200)
    expect(await pulled(url)).toBe(digest)
    const part = await fetch(url, { headers: { Range: 'bytes=5-9' } })
    expect([part.status, (await part.bytes()).length]).toEqual([206, 5])
    await own.stop()
    expect(own.output()).toContain('status=307')
    expect(own.output()).not.toContain('X-Amz-Signature')
  })

  test('sends only clients of the given addresses there', async () => {
    const redirect = { BERTH_STORAGE_S3_REDIRECT: 'true', BERTH_STORAGE_S3_REDIRECT_CLIENTS: '10.0.0.0/8' }
    const own = await startBerth({ env: { ...bucketEnvironment(await testBucket()), ...redirect } })
    const digest = await pushBlob({ url: own.url, repository: 'here' }, noise(1000))
    const answer = await fetch(blobUrl({ url: own.url, repository: 'here' }, digest), { redirect: 'manual' })
    expect(answer.status).toBe(200)
    await own.stop()
  })

  test('a storage that is away is 503 with a time to come again, and never a 500', async () => {
    const env = {
      ...bucketEnvironment(bucket),
      BERTH_STORAGE_S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    }
    // A database that is new could have taken the place of one with accounts: that starts with its storage alone.
    await expect(startBerth({ env })).rejects.toThrow('start again when it answers')
    const before = await startBerth({ env: bucketEnvironment(bucket) })
    await before.stop()
    const own = await startBerth({ env, data: before.data })
    const content = noise(1000)
    const location = await openUpload({ url: own.url, repository: 'away' })
    const answers = await Promise.all([
      fetch(`${location}?digest=${digestOf(content)}`, { method: 'PUT', body: content }),
      fetch(`${own.url}/readyz`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([503, 503])
    expect(answers[0]?.headers.get('retry-after')).toBe('30')
    expect(await answers[0]?.json()).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }] })
    await own.stop()
    expect(own.output()).not.toContain('SKTEST')
  })
})
