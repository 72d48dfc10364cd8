import { expect } from 'bun:test'
import {
  contentOf,
  image,
  imageOfSize,
  imageType,
  index,
  indexType,
  repository,
  sha512Of,
} from '../content.ts'
import type { Fixture } from '../fixture.ts'
import type { Headers, Message, Row } from '../row.ts'

const target = `/v2/${repository}/manifests/pushed`
const mebibyte = 1024 * 1024

function push(headers: Headers, body: Uint8Array | string = image(), more: Message = {}): Message {
  return { method: 'PUT', target, headers, body, ...more }
}

const contentTypes: Readonly<Record<string, string>> = {
  'plain text': 'text/plain',
  'schema 1': 'application/vnd.docker.distribution.manifest.v1+json',
  'signed schema 1': 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'another type than its mediaType': indexType,
  'docker’s type, but OCI’s mediaType': 'application/vnd.docker.distribution.manifest.v2+json',
  'a type that no one knows': 'application/vnd.example.unknown+json',
  'a type of 4,000 characters': `application/${'x'.repeat(4000)}`,
  'a wildcard': '*/*',
  'two types': `${imageType}, ${indexType}`,
}

const schema1 = JSON.stringify({
  schemaVersion: 1,
  name: repository,
  tag: 'latest',
  architecture: 'amd64',
  fsLayers: [{ blobSum: contentOf(Buffer.alloc(1)).digest }],
  history: [{ v1Compatibility: '{}' }],
})

const hundred = Array.from({ length: 100 }, (_, index) => `tag=t${index}`).join('&')

const byDigest = (body: string) =>
  `/v2/${repository}/manifests/${contentOf(Buffer.from(body, 'latin1')).digest}`

/** Pushes a manifest of its own by digest with a query, and holds that nothing of it stays when it is refused. */
function withTags(query: string): (fixture: Fixture) => Message {
  const body = image({ annotations: { query } })
  return (fixture) =>
    push({ 'Content-Type': imageType }, body, {
      target: `${byDigest(body)}?${query}`,
      async after({ status }) {
        const pulled = await fixture.get(byDigest(body), 'HEAD')
        expect(pulled.status).toBe(status === 201 ? 200 : 404)
        const tag = await fixture.get(`/v2/${repository}/manifests/good-beside-bad`, 'HEAD')
        expect(tag.status, 'the tag that stands beside a bad one').toBe(404)
      },
    })
}

const tooLarge: Omit<Row, 'name' | 'send'> = { status: [413], code: ['SIZE_INVALID', 'MANIFEST_INVALID'] }

export const manifestPushes: readonly Row[] = [
  ...Object.entries(contentTypes).map<Row>(([what, type]) => ({
    name: `refuses an image with ${what} as Content-Type`,
    send: push({ 'Content-Type': type }),
    status: [400, 415],
    code: ['MANIFEST_INVALID', 'UNSUPPORTED'],
  })),
  {
    name: 'takes or refuses an image with nothing but semicolons as Content-Type',
    send: push({ 'Content-Type': ';;;' }),
    status: [201, 400, 415],
    code: ['MANIFEST_INVALID', 'UNSUPPORTED'],
  },
  {
    name: 'refuses schema 1',
    send: push({ 'Content-Type': contentTypes['schema 1'] ?? '' }, schema1),
    status: [400, 415],
    code: ['MANIFEST_INVALID', 'UNSUPPORTED'],
  },
  {
    name: 'refuses schema 1 without a Content-Type',
    send: push({}, schema1),
    status: [400, 415],
    code: ['MANIFEST_INVALID', 'UNSUPPORTED'],
  },
  {
    name: 'takes or refuses an index without a mediaType and Content-Type',
    send: push({}, index({ mediaType: undefined })),
    status: [201, 400],
    code: ['MANIFEST_INVALID'],
  },
  {
    name: 'refuses a manifest of 4 MiB and a byte',
    send: push({ 'Content-Type': imageType }, imageOfSize(4 * mebibyte + 1)),
    ...tooLarge,
  },
  {
    name: 'refuses a manifest of 4 MiB and a byte without a Content-Length',
    send: push(
      { 'Content-Type': imageType, 'Transfer-Encoding': 'chunked' },
      chunked(imageOfSize(4 * mebibyte + 1)),
    ),
    ...tooLarge,
  },
  {
    name: 'refuses a manifest of 10 GiB before it arrives',
    send: push({ 'Content-Type': imageType, 'Content-Length': String(10_240 * mebibyte) }, '{'),
    ...tooLarge,
  },
  {
    name: 'takes a manifest of exactly 4 MiB',
    send: push({ 'Content-Type': imageType }, imageOfSize(4 * mebibyte)),
    status: [201],
  },
  {
    name: 'takes a Content-Type with parameters, and forgets them',
    send: (fixture) =>
      push({ 'Content-Type': `${imageType}; charset=utf-8; x="\\""` }, image(), {
        async after() {
          const response = await fixture.get(target)
          expect(response.headers.get('content-type')).toBe(imageType)
        },
      }),
    status: [201],
  },
  {
    name: 'takes a manifest by its sha512 digest',
    send: push({ 'Content-Type': imageType }, image(), {
      target: `/v2/${repository}/manifests/${sha512Of(Buffer.from(image(), 'latin1'))}`,
    }),
    status: [201],
  },
  ...Object.entries({
    'an empty tag': 'tag=good-beside-bad&tag=',
    'a malformed tag': 'tag=good-beside-bad&tag=.bad',
    'a tag of 129 characters': `tag=good-beside-bad&tag=${'a'.repeat(129)}`,
    'a tag with a NUL': 'tag=good-beside-bad&tag=a%00b',
    'a tag that is a path': 'tag=good-beside-bad&tag=..%2f..%2fetc',
    'a tag that is a digest': 'tag=good-beside-bad&tag=sha256:short',
    'a tag in invalid UTF-8': 'tag=good-beside-bad&tag=%ff',
    'a tag with a broken escape': 'tag=good-beside-bad&tag=%zz',
  }).map<Row>(([what, query]) => ({
    name: `refuses a push by digest with ${what}, and stores nothing`,
    send: withTags(query),
    status: [400],
    code: ['TAG_INVALID', 'MANIFEST_INVALID'],
  })),
  { name: 'takes a push by digest that repeats a tag', send: withTags('tag=twice&tag=twice'), status: [201] },
  { name: 'takes or refuses a hundred tags at once', send: withTags(hundred), status: [201, 400, 413, 414] },
  {
    name: 'takes or refuses 1,000 tags at once',
    send: withTags(Array.from({ length: 1000 }, (_, index) => `tag=t${index}`).join('&')),
    status: [201, 400, 413, 414, 431],
    parser: true,
  },
  {
    name: 'takes or refuses a tag parameter beside a tag',
    send: push({ 'Content-Type': imageType }, image(), { target: `${target}?tag=beside` }),
    status: [201, 400],
  },
]

function chunked(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
}
