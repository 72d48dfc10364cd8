import { afterAll, beforeAll, expect, test } from 'bun:test'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { blobUrl, bytesOf, manifestUrl, pushBlob, pushImage, putManifest } from '../support/push.ts'

let berth: RunningBerth

beforeAll(async () => {
  berth = await startBerth()
})

afterAll(async () => {
  await berth.stop()
})

const remote = (repository: string) => ({ url: berth.url, repository })

test('HEAD answers what GET does, without the body', async () => {
  const { digest } = await pushImage(remote('same'))
  const layer = digestOf(bytesOf('layer'))
  for (const url of [
    manifestUrl(remote('same'), 'latest'),
    manifestUrl(remote('same'), digest),
    blobUrl(remote('same'), layer),
  ]) {
    const [get, head] = [await fetch(url), await fetch(url, { method: 'HEAD' })]
    const headers = (answer: Response) => [...answer.headers].filter(([name]) => name !== 'date').sort()
    expect(headers(head)).toEqual(headers(get))
    expect((await get.bytes()).length).toBe(Number(get.headers.get('content-length')))
    expect((await head.bytes()).length).toBe(0)
  }
})

test('a blob read again and again, in parts or whole, is the same bytes', async () => {
  const content = new Uint8Array(300_000).map((_, index) => (index * 31) % 256)
  const digest = await pushBlob(remote('parts'), content)
  const url = blobUrl(remote('parts'), digest)
  for (let round = 0; round < 4; round += 1) {
    expect(digestOf(await (await fetch(url)).bytes())).toBe(digestOf(content))
    const part = await fetch(url, { headers: { Range: 'bytes=1000-2999' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 1000-2999/300000')
    expect(part.headers.get('content-length')).toBe('2000')
    expect(await part.bytes()).toEqual(content.slice(1000, 3000))
    const tail = await fetch(url, { headers: { Range: 'bytes=299990-' } })
    expect(await tail.bytes()).toEqual(content.slice(299_990))
    expect(await (await fetch(url, { headers: { Range: 'bytes=-5' } })).bytes()).toEqual(content.slice(-5))
  }
  const beyond = await fetch(url, { headers: { Range: 'bytes=300000-' } })
  expect(beyond.status).toBe(416)
  expect(beyond.headers.get('content-range')).toBe('bytes */300000')
})

test('a blob is never content-encoded', async () => {
  const digest = await pushBlob(remote('plain'), bytesOf('a'.repeat(10_000)))
  const answer = await fetch(blobUrl(remote('plain'), digest), {
    headers: { 'Accept-Encoding': 'gzip, br, zstd' },
  })
  expect(answer.headers.get('content-encoding')).toBeNull()
  expect(answer.headers.get('content-length')).toBe('10000')
})

test('a client that has it already is told so', async () => {
  const { digest } = await pushImage(remote('known'))
  for (const url of [
    manifestUrl(remote('known'), 'latest'),
    blobUrl(remote('known'), digestOf(bytesOf('layer'))),
  ]) {
    const etag = (await fetch(url)).headers.get('etag') ?? ''
    const answer = await fetch(url, { headers: { 'If-None-Match': `"other", ${etag}` } })
    expect(answer.status).toBe(304)
    expect(answer.headers.get('etag')).toBe(etag)
    expect((await fetch(url, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  }
  expect(digest).toStartWith('sha256:')
})

test('a tag answers with the stored manifest, whatever Accept says', async () => {
  const { manifest } = await pushImage(remote('accept'))
  const answer = await fetch(manifestUrl(remote('accept'), 'latest'), {
    headers: { Accept: mediaTypes.dockerManifest },
  })
  expect(answer.headers.get('content-type')).toBe(mediaTypes.ociManifest)
  expect(await answer.text()).toBe(manifest)
})

test('repositories may be called like the words of the routes', async () => {
  for (const repository of [
    'manifests',
    'blobs/uploads',
    'tags/list',
    'uploads/blobs/manifests',
    'v2/referrers',
  ]) {
    const { digest } = await pushImage(remote(repository))
    const found = await fetch(manifestUrl(remote(repository), 'latest'))
    expect(found.headers.get('docker-content-digest')).toBe(digest)
    const tags = await fetch(`${berth.url}/v2/${repository}/tags/list`)
    expect(await tags.json()).toEqual({ name: repository, tags: ['latest'] })
  }
})

test('lists are paged by links that lead through all of it', async () => {
  const { manifest } = await pushImage(remote('paged'))
  for (let index = 0; index < 7; index += 1) await putManifest(remote('paged'), `v${index}`, manifest)
  const seen: string[] = []
  let next: string | undefined = `${berth.url}/v2/paged/tags/list?n=3`
  while (next) {
    const page: Response = await fetch(next)
    seen.push(...((await page.json()) as { tags: string[] }).tags)
    const link: string | undefined = /^<(.+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
    next = link && new URL(link, berth.url).href
  }
  expect(seen).toEqual(['latest', 'v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6'])
  const last = await fetch(`${berth.url}/v2/paged/tags/list?last=v4`)
  expect(await last.json()).toEqual({ name: 'paged', tags: ['v5', 'v6'] })
  const none = await fetch(`${berth.url}/v2/paged/tags/list?n=0`)
  expect(await none.json()).toEqual({ name: 'paged', tags: [] })
  expect((await fetch(`${berth.url}/v2/absent/tags/list`)).status).toBe(404)
})

test('referrers are listed with type and annotations, filtered and paged', async () => {
  const subject = await pushImage(remote('signed'))
  const referrer = (artifactType: string, index: number) =>
    pushImage(remote('signed'), {
      reference: '',
      extra: {
        artifactType,
        annotations: { index: String(index) },
        subject: { mediaType: mediaTypes.ociManifest, digest: subject.digest, size: subject.manifest.length },
      },
    })
  for (let index = 0; index < 4; index += 1) await referrer(index % 2 ? 'odd/one' : 'even/one', index)
  const url = `${berth.url}/v2/signed/referrers/${subject.digest}`
  const all = await fetch(url)
  expect(all.headers.get('content-type')).toBe(mediaTypes.ociIndex)
  expect(((await all.json()) as { manifests: unknown[] }).manifests).toHaveLength(4)
  const odd = await fetch(`${url}?artifactType=odd/one`)
  expect(odd.headers.get('oci-filters-applied')).toBe('artifactType')
  const { manifests } = (await odd.json()) as { manifests: { artifactType: string; annotations: object }[] }
  expect(manifests.map(({ artifactType }) => artifactType)).toEqual(['odd/one', 'odd/one'])
  expect(manifests[0]?.annotations).toHaveProperty('index')
  const page = await fetch(`${url}?n=3&artifactType=even/one`)
  expect(page.headers.get('link')).toBeNull()
  const first = await fetch(`${url}?n=3`)
  expect(first.headers.get('link')).toContain('n=3')
  const absent = await fetch(`${berth.url}/v2/signed/referrers/${digestOf(bytesOf('nothing'))}`)
  expect(absent.status).toBe(200)
})

test('several tags are set by one push', async () => {
  const { manifest, digest } = await pushImage(remote('many'))
  const answer = await fetch(`${manifestUrl(remote('many'), digest)}?tag=a&tag=b`, {
    method: 'PUT',
    body: manifest,
    headers: { 'Content-Type': mediaTypes.ociManifest },
  })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('oci-tag')).toBe('a, b')
  for (const tag of ['a', 'b']) expect((await fetch(manifestUrl(remote('many'), tag))).status).toBe(200)
})

test('what a manifest uses is not deleted before it', async () => {
  const { digest } = await pushImage(remote('used'))
  const layer = blobUrl(remote('used'), digestOf(bytesOf('layer')))
  const refused = await fetch(layer, { method: 'DELETE' })
  expect(refused.status).toBe(405)
  expect(await refused.json()).toMatchObject({ errors: [{ code: 'DENIED', detail: { usedBy: digest } }] })
  expect((await fetch(manifestUrl(remote('used'), digest), { method: 'DELETE' })).status).toBe(202)
  expect((await fetch(manifestUrl(remote('used'), 'latest'))).status).toBe(404)
  expect((await fetch(layer, { method: 'DELETE' })).status).toBe(202)
  expect((await fetch(layer)).status).toBe(404)
})

test('docker’s search finds repositories', async () => {
  await pushImage(remote('library/searched'))
  expect((await fetch(`${berth.url}/v1/_ping`)).status).toBe(200)
  const answer = await fetch(`${berth.url}/v1/search?q=searched&n=25`)
  expect(await answer.json()).toEqual({
    query: 'searched',
    num_results: 1,
    results: [
      { name: 'library/searched', description: '', star_count: 0, is_official: true, is_automated: false },
    ],
  })
})
