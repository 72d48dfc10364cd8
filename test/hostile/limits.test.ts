// Budget: 20 seconds.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { digestOf } from '../../src/oci/digest.ts'
import { as, basic, startClosedRegistry } from '../support/closed-registry.ts'
import { contentOf, image, imageType, indexType, layerDescriptor, repository } from './content.ts'
import { type Fixture, finishUpload, startFixture } from './fixture.ts'
import { exchange } from './raw-http.ts'
import { encode } from './row.ts'

const KiB = 1024

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream

const limits = {
  BERTH_LIMITS_HEADER_SIZE: '8KiB',
  BERTH_LIMITS_REQUEST_SIZE: '4KiB',
  BERTH_LIMITS_MANIFEST_SIZE: '64KiB',
  BERTH_LIMITS_BLOB_SIZE: '100KiB',
  BERTH_LIMITS_OPEN_UPLOADS: '3',
  BERTH_LIMITS_TAGS: '2',
  BERTH_LIMITS_REFERRERS: '2',
  BERTH_LIMITS_REFERENCES: '5',
  BERTH_LIMITS_NESTING: '2',
  BERTH_HTTP_TRUSTED_PROXIES: '127.0.0.1',
}

interface Refusal {
  readonly status: number
  readonly code: string
  readonly setting: string
}

describe.each([
  ['one process', {}],
  ['workers', { BERTH_WORKERS: '2' }],
])('limits, kept by %s', (_, workers) => {
  let fixture: Fixture

  beforeAll(async () => {
    fixture = await startFixture({ ...limits, ...workers })
  })

  afterAll(async () => {
    await fixture.stop()
    expect(fixture.server.output()).not.toMatch(/a request failed|unhandled|panic/i)
  })

  const send = (method: string, path: string, body?: Body, headers: Record<string, string> = {}) =>
    fetch(`${fixture.server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  const put = (reference: string, manifest: string) =>
    send('PUT', `/v2/${repository}/manifests/${reference}`, manifest, {
      'Content-Type': JSON.parse(manifest).mediaType,
    })
  const taken = async (answer: Promise<Response>) => {
    const { status } = await answer
    expect(status).toBeOneOf([201, 202])
  }

  test('headers as long as the limit are taken, and longer ones are not', async () => {
    const sent = (bytes: number) =>
      exchange({
        port: fixture.server.port,
        bytes: encode({ target: '/v2/', headers: { 'X-Long': 'a'.repeat(bytes) } }),
      })
    expect(await sent(7 * KiB)).toMatchObject({ ended: 'answered', answer: { status: 200 } })
    expect(await sent(9 * KiB)).toMatchObject({ ended: 'answered', answer: { status: 431 } })
    expect(await sent(900 * KiB)).toMatchObject({ ended: 'answered', answer: { status: 431 } })
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`X-${at}`, 'a']))
    const outcome = await exchange({
      port: fixture.server.port,
      bytes: encode({ target: '/v2/', headers: many }),
    })
    expect(outcome).toMatchObject({ ended: 'answered', answer: { status: 431 } })
  })

  test('bodies that are held in memory are taken up to their limit, announced or not', async () => {
    const manifest = { status: 413, code: 'SIZE_INVALID', setting: 'limits.manifest-size' }
    const padded = (size: number) => image({ annotations: { padding: 'x'.repeat(size) } })
    await taken(put('big', padded(60 * KiB)))
    await expectRefused(await put('big', padded(65 * KiB)), manifest)
    const target = `/v2/${repository}/manifests/big`
    const headers = { 'Content-Type': imageType }
    await expectRefused(await send('PUT', target, streamed(padded(65 * KiB)), headers), manifest)
    const api = { status: 413, code: 'SIZE_INVALID', setting: 'limits.request-size' }
    const json = { 'Content-Type': 'application/json' }
    const long = JSON.stringify({ name: 'x'.repeat(5 * KiB) })
    await expectRefused(await send('POST', '/api/v1/users', long, json), api)
    await expectRefused(await send('POST', '/api/v1/users', streamed(long), json), api)
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    await expectRefused(await send('POST', '/v2/token', `scope=${'x'.repeat(5 * KiB)}`, form), api)
  })

  test('a blob is taken up to its limit, in one piece or in several, announced or not', async () => {
    const tooLarge = { status: 413, code: 'SIZE_INVALID', setting: 'limits.blob-size' }
    const fits = contentOf(Buffer.alloc(100 * KiB, 'fits'))
    const longer = contentOf(Buffer.alloc(100 * KiB + 1, 'long'))
    await taken(finishUpload(fixture.server.url, await fixture.upload(), fits))
    const upload = await fixture.upload()
    await expectRefused(await finishUpload(fixture.server.url, upload, longer), tooLarge)
    await expectRefused(await send('PATCH', upload, streamed(longer.bytes)), tooLarge)
    const atOnce = `/v2/${repository}/blobs/uploads/?digest=${longer.digest}`
    await expectRefused(await send('POST', atOnce, longer.bytes as Uint8Array<ArrayBuffer>), tooLarge)
    await taken(send('PATCH', upload, fits.bytes.slice(0, 60 * KiB) as Uint8Array<ArrayBuffer>))
    await expectRefused(await send('PATCH', upload, 'x'.repeat(41 * KiB)), tooLarge)
    // What was there before stays, and can be ended.
    await taken(finishUpload(fixture.server.url, upload, fits, 60 * KiB))
    expect((await fixture.get(`/v2/${repository}/blobs/${longer.digest}`, 'HEAD')).status).toBe(404)
  })

  test('one address opens only so many uploads at the same time, and another is not bound by it', async () => {
    const from = (address: string, path = `/v2/${repository}/blobs/uploads/`) =>
      send('POST', path, undefined, { 'X-Forwarded-For': address })
    const opened = []
    for (let count = 0; count < 3; count += 1) opened.push(await from('192.0.2.1'))
    expect(opened.map(({ status }) => status)).toEqual([202, 202, 202])
    const tooMany = { status: 429, code: 'TOOMANYREQUESTS', setting: 'limits.open-uploads' }
    const refused = await from('192.0.2.1')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectRefused(refused, tooMany)
    const atOnce = `/v2/elsewhere/blobs/uploads/?digest=${digestOf(Buffer.from(''))}`
    await expectRefused(await from('192.0.2.1', atOnce), tooMany)
    await taken(from('192.0.2.2'))
    await send('DELETE', opened[0]?.headers.get('location') ?? '')
    await taken(from('192.0.2.1'))
    // One subscriber has all addresses of a /64.
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8::3']) await taken(from(address))
    await expectRefused(await from('2001:db8::4'), tooMany)
  })

  test('only so many tags point at one image', async () => {
    const reached = { status: 403, code: 'DENIED', setting: 'limits.tags' }
    const own = image({ annotations: { for: 'tags' } })
    await taken(put('one', own))
    await taken(put('two', own))
    await expectRefused(await put('three', own), reached)
    expect((await fixture.get(`/v2/${repository}/manifests/three`, 'HEAD')).status).toBe(404)
    await taken(put('two', own))
    const many = `${digestOf(Buffer.from(own))}?tag=four&tag=five`
    await expectRefused(await put(many, own), reached)
    await send('DELETE', `/v2/${repository}/manifests/one`)
    await taken(put('three', own))
  })

  test('only so many manifests refer to one subject', async () => {
    const own = image({ annotations: { for: 'referrers' } })
    await taken(put('subject', own))
    const subject = { mediaType: imageType, digest: digestOf(Buffer.from(own)), size: own.length }
    const signature = (name: string) => image({ subject, annotations: { name } })
    const byDigest = (manifest: string) => put(digestOf(Buffer.from(manifest)), manifest)
    await taken(byDigest(signature('a')))
    await taken(byDigest(signature('b')))
    const reached = { status: 403, code: 'DENIED', setting: 'limits.referrers' }
    await expectRefused(await byDigest(signature('c')), reached)
    await taken(byDigest(signature('a')))
  })

  test('a manifest lists only so many layers', async () => {
    const layers = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        ...layerDescriptor,
        digest: digestOf(Buffer.from(`${at}`)),
        urls: ['https://example.com/'],
      }))
    await taken(put('layers', image({ layers: layers(4) })))
    const reached = { status: 400, code: 'MANIFEST_INVALID', setting: 'limits.references' }
    await expectRefused(await put('layers', image({ layers: layers(5) })), reached)
  })

  test('indexes lie only so deep one within the other', async () => {
    const list = (...children: string[]) =>
      JSON.stringify({
        schemaVersion: 2,
        mediaType: indexType,
        manifests: children.map((child) => ({
          mediaType: JSON.parse(child).mediaType,
          digest: digestOf(Buffer.from(child)),
          size: child.length,
        })),
      })
    const leaf = image({ annotations: { for: 'nesting' } })
    const inner = list(leaf)
    const outer = list(inner, leaf)
    for (const manifest of [leaf, inner, outer]) await taken(put('nested', manifest))
    const reached = { status: 400, code: 'MANIFEST_INVALID', setting: 'limits.nesting' }
    await expectRefused(await put('nested', list(outer)), reached)
  })

  test('JSON that is nested beyond reason is not a manifest', async () => {
    const deep = '['.repeat(30_000)
    for (const manifest of [deep, `{"schemaVersion":2,"x":${deep}${']'.repeat(30_000)}}`]) {
      const answer = await send('PUT', `/v2/${repository}/manifests/deep`, manifest, {
        'Content-Type': imageType,
      })
      expect(answer.status).toBe(400)
    }
  })

  test('the metrics count what was refused, by setting', async () => {
    const text = await (await fixture.get('/metrics')).text()
    const settings = [...text.matchAll(/berth_limits_refused_total\{setting="(.*?)"\} [1-9]/g)].map(
      ([, setting]) => setting,
    )
    expect(settings.sort()).toEqual([
      'limits.blob-size',
      'limits.manifest-size',
      'limits.nesting',
      'limits.open-uploads',
      'limits.references',
      'limits.referrers',
      'limits.request-size',
      'limits.tags',
    ])
  })
})

test('an account’s uploads are counted wherever it calls from, and nobody else’s among them', async () => {
  const env = { BERTH_LIMITS_OPEN_UPLOADS: '2', BERTH_HTTP_TRUSTED_PROXIES: '127.0.0.1' }
  await using registry = await startClosedRegistry({ env })
  const open = (who: { name: string; password: string }, address: string) =>
    as(basic(who), `${registry.url}/v2/${who.name}/app/blobs/uploads/`, {
      method: 'POST',
      headers: { 'X-Forwarded-For': address },
    })
  const { alice, bob } = registry
  expect((await open(alice, '192.0.2.1')).status).toBe(202)
  expect((await open(alice, '192.0.2.2')).status).toBe(202)
  const tooMany = { status: 429, code: 'TOOMANYREQUESTS', setting: 'limits.open-uploads' }
  await expectRefused(await open(alice, '192.0.2.3'), tooMany)
  expect((await open(bob, '192.0.2.1')).status).toBe(202)
}, 60_000)

async function expectRefused(answer: Response, { status, code, setting }: Refusal): Promise<void> {
  const text = await answer.text()
  expect(answer.status, text).toBe(status)
  const { errors } = JSON.parse(text)
  expect(errors).toMatchObject([{ code, detail: { setting } }])
  expect(errors[0].message).toContain(`(setting ${setting})`)
}

/** A body without an announced length. */
function streamed(content: string | Uint8Array): ReadableStream {
  return new Blob([content as string]).stream()
}
