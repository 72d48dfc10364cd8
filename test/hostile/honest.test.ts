// Budget: 40 seconds: what large clients do, under the defaults, with nothing set.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { digestOf } from '../../src/oci/digest.ts'
import {
  type Content,
  contentOf,
  image,
  imageType,
  indexType,
  layerDescriptor,
  repository,
} from './content.ts'
import { type Fixture, finishUpload, startFixture } from './fixture.ts'
import { exchange } from './raw-http.ts'
import { encode } from './row.ts'

const MiB = 1024 * 1024

let fixture: Fixture

beforeAll(async () => {
  fixture = await startFixture()
})

afterAll(async () => {
  const metrics = await (await fixture.get('/metrics')).text()
  await fixture.stop()
  expect(metrics).not.toMatch(/berth_limits_refused_total\{/)
})

async function put(reference: string, manifest: string): Promise<void> {
  const answer = await fetch(`${fixture.server.url}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'Content-Type': JSON.parse(manifest).mediaType },
    body: manifest,
  })
  expect(answer.status, await answer.text()).toBe(201)
}

test('a large layer in chunks, one of them without a length', async () => {
  const content = contentOf(Buffer.alloc(200 * MiB, 'a large layer '))
  const upload = await fixture.upload()
  const half = content.bytes.length / 2
  const first = new Blob([content.bytes.slice(0, half) as Uint8Array<ArrayBuffer>]).stream()
  expect((await fetch(fixture.server.url + upload, { method: 'PATCH', body: first })).status).toBe(202)
  expect((await finishUpload(fixture.server.url, upload, content, half)).status).toBe(201)
}, 60_000)

test('hundreds of uploads at the same time', async () => {
  const uploads = await Promise.all(Array.from({ length: 500 }, () => fixture.upload()))
  expect(new Set(uploads).size).toBe(500)
}, 60_000)

test('a manifest of four MiB, one of thousands of layers, and an index of hundreds of images', async () => {
  const empty = image({ annotations: { padding: '' } })
  await put('padded', image({ annotations: { padding: 'x'.repeat(4 * MiB - empty.length) } }))
  const layers = Array.from({ length: 5000 }, (_, at) => ({
    ...layerDescriptor,
    digest: digestOf(Buffer.from(`${at}`)),
    urls: ['https://example.com/'],
  }))
  await put('layered', image({ layers }))
  const images = Array.from({ length: 300 }, (_, at) => image({ annotations: { at: `${at}` } }))
  for (const manifest of images) await put(digestOf(Buffer.from(manifest)), manifest)
  await put('index', index(images.map((manifest) => contentOf(Buffer.from(manifest)))))
}, 60_000)

test('a hundred tags in one request, a thousand of one image, and as many signatures', async () => {
  const manifest = image({ annotations: { for: 'tags' } })
  const { digest, bytes } = contentOf(Buffer.from(manifest))
  for (let round = 0; round < 10; round += 1) {
    const tags = Array.from({ length: 100 }, (_, at) => `tag=build-${round}-${at}`)
    await put(`${digest}?${tags.join('&')}`, manifest)
  }
  const subject = { mediaType: imageType, digest, size: bytes.length }
  for (let batch = 0; batch < 10; batch += 1) {
    const signatures = Array.from({ length: 100 }, (_, at) =>
      image({ subject, annotations: { signature: `${batch}-${at}` } }),
    )
    await Promise.all(signatures.map((each) => put(digestOf(Buffer.from(each)), each)))
  }
}, 60_000)

test('indexes of indexes', async () => {
  let inner = image({ annotations: { for: 'nesting' } })
  await put('nested', inner)
  for (let level = 1; level <= 5; level += 1) {
    inner = index([contentOf(Buffer.from(inner))], inner.includes(indexType) ? indexType : imageType)
    await put('nested', inner)
  }
})

test('the long tokens of other issuers in a header', async () => {
  const outcome = await exchange({
    port: fixture.server.port,
    bytes: encode({ target: '/v2/', headers: { 'X-Token': 'a'.repeat(15 * 1024) } }),
  })
  expect(outcome).toMatchObject({ ended: 'answered', answer: { status: 200 } })
})

function index(children: readonly Content[], mediaType = imageType): string {
  const manifests = children.map(({ digest, bytes }) => ({ mediaType, digest, size: bytes.length }))
  return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests })
}
