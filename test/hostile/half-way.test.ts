import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Content, contentOf, image, imageType, repository } from './content.ts'
import { storedFiles, unexpectedFiles } from './data-directory.ts'
import { type Fixture, finishUpload, startFixture } from './fixture.ts'
import { exchange, sendAndVanish } from './raw-http.ts'
import { encode, type Message } from './row.ts'

/** Long enough for whoever held an upload to have lost it (STORAGE.md: 15 s after the last byte). Milliseconds. */
const patience = 25_000
const size = 2 * 1024 * 1024
const blobs = `/v2/${repository}/blobs`

let fixture: Fixture

beforeAll(async () => {
  fixture = await startFixture()
})

afterAll(async () => {
  await fixture.stop()
})

test('keeps an upload usable when a PATCH stops half-way', async () => {
  const content = newContent()
  const upload = await fixture.upload()
  await vanish({ method: 'PATCH', target: upload, ...half(content) })
  await expectUsable(upload, content)
}, 60_000)

test('keeps an upload usable when a PATCH in chunks stops within one', async () => {
  const content = newContent()
  const upload = await fixture.upload()
  const bytes = Buffer.from(content.bytes.slice(0, size / 2))
  const body = Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), bytes])
  await vanish({ method: 'PATCH', target: upload, headers: { 'Transfer-Encoding': 'chunked' }, body })
  await expectUsable(upload, content)
}, 60_000)

test('keeps an upload usable when a second PATCH stops half-way', async () => {
  const content = newContent()
  const upload = await fixture.upload()
  const first = content.bytes.slice(0, 1000)
  const answered = await fetch(fixture.server.url + upload, { method: 'PATCH', body: first })
  expect(answered.status).toBe(202)
  const rest = { bytes: content.bytes.slice(1000), digest: content.digest }
  await vanish({ method: 'PATCH', target: upload, ...half(rest) })
  expect(await durableOffset(upload)).toBeGreaterThanOrEqual(1000)
  await expectUsable(upload, content)
}, 60_000)

test('keeps an upload usable, and no blob, when a PUT stops half-way', async () => {
  const content = newContent()
  const upload = await fixture.upload()
  const before = await storedFiles(fixture.server.data)
  const query = `${upload.includes('?') ? '&' : '?'}digest=${content.digest}`
  await vanish({ method: 'PUT', target: upload + query, ...half(content) })
  expect((await fixture.get(`${blobs}/${content.digest}`, 'HEAD')).status).toBe(404)
  await eventually(async () => {
    expect((await storedFiles(fixture.server.data)).blobs).toEqual(before.blobs)
  })
  await expectUsable(upload, content)
}, 60_000)

test('keeps an upload usable when a PATCH stops and closes its side', async () => {
  const content = newContent()
  const upload = await fixture.upload()
  const message: Message = { method: 'PATCH', target: upload, ...half(content) }
  const outcome = await exchange({ port: fixture.server.port, bytes: encode(message), halfClose: true })
  if (outcome.ended === 'answered') expect(outcome.answer.status).toBe(400)
  else expect(outcome.ended).toBe('closed')
  await expectUsable(upload, content)
}, 60_000)

test('leaves nothing behind when a push in one request stops half-way', async () => {
  const content = newContent()
  const before = await storedFiles(fixture.server.data)
  await vanish({ method: 'POST', target: `${blobs}/uploads/?digest=${content.digest}`, ...half(content) })
  await eventually(async () => {
    // Nobody was told where that upload is, so nobody can go on with it.
    expect(await storedFiles(fixture.server.data)).toEqual(before)
  })
  expect((await fixture.get(`${blobs}/${content.digest}`, 'HEAD')).status).toBe(404)
}, 60_000)

test('leaves nothing behind when an upload has another digest than it says', async () => {
  const content = newContent()
  const before = await storedFiles(fixture.server.data)
  const lie = { bytes: content.bytes.slice(1), digest: content.digest }
  const refused = await finishUpload(fixture.server.url, await fixture.upload(), lie)
  expect(refused.status).toBe(400)
  expect((await fixture.get(`${blobs}/${content.digest}`, 'HEAD')).status).toBe(404)
  await eventually(async () => expect(await storedFiles(fixture.server.data)).toEqual(before))
})

test('shows neither manifest nor tag when a push of one stops half-way', async () => {
  const body = Buffer.from(image({ annotations: { padding: 'x'.repeat(100_000) } }), 'latin1')
  const { digest } = contentOf(body)
  for (const reference of ['half', digest]) {
    await vanish({
      method: 'PUT',
      target: `/v2/${repository}/manifests/${reference}`,
      headers: { 'Content-Type': imageType, 'Content-Length': String(body.length) },
      body: body.subarray(0, 50_000),
    })
  }
  for (const reference of ['half', digest]) {
    const found = await fixture.get(`/v2/${repository}/manifests/${reference}`, 'HEAD')
    expect(found.status).toBe(404)
  }
})

test('stores nothing under a name of its own, and reports no fault', async () => {
  expect(await unexpectedFiles(fixture)).toEqual([])
  await fixture.server.stop()
  expect(fixture.server.output()).not.toMatch(/a request failed|unhandled|panic/i)
})

function newContent(): Content {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return contentOf(bytes)
}

/** Announces all of the content, and sends a half. */
function half({ bytes }: Content): Pick<Message, 'headers' | 'body'> {
  return {
    headers: { 'Content-Length': String(bytes.length) },
    body: bytes.slice(0, bytes.length / 2),
  }
}

async function vanish(message: Message): Promise<void> {
  await sendAndVanish({ port: fixture.server.port, bytes: encode(message) })
}

async function durableOffset(upload: string): Promise<number> {
  const status = await fixture.get(upload)
  expect(status.status).toBe(204)
  const last = Number(/^0-(\d+)$/.exec(status.headers.get('range') ?? '')?.[1])
  return last === 0 ? 0 : last + 1
}

/** Goes on where the status says, as soon as nobody else holds the upload, and holds that the blob is what it should be. */
async function expectUsable(upload: string, content: Content): Promise<void> {
  const finished = await eventually(async () => {
    const offset = await durableOffset(upload)
    expect(offset).toBeLessThan(size)
    const response = await finishUpload(fixture.server.url, upload, content, offset)
    expect(response.status, await response.text()).toBe(201)
    return response
  })
  expect(finished.headers.get('docker-content-digest')).toBe(content.digest)
  const pulled = await fixture.get(`${blobs}/${content.digest}`)
  expect(contentOf(await pulled.bytes()).digest).toBe(content.digest)
}

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patience
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await Bun.sleep(100)
    }
  }
}
