import { expect } from 'bun:test'
import { image, imageType, repository } from '../content.ts'
import { type Row, utf8 } from '../row.ts'

/** None of these is a tag, and none a digest. */
const invalid: Readonly<Record<string, string>> = {
  'a leading dot': '.latest',
  'a leading dash': '-latest',
  '129 characters': 'a'.repeat(129),
  'a space, encoded': 'la%20test',
  'a slash, encoded': 'la%2ftest',
  'a plus sign': 'v1+build',
  'an at sign': 'latest@sha256',
  'an asterisk': '*',
  'an encoded NUL': 'latest%00',
  'an encoded line break': 'latest%0d%0a',
  'an encoded letter': 'l%61test',
  accents: utf8('látest'),
  'an emoji, encoded': '%F0%9F%90%B3',
  'invalid UTF-8': 'latest\xff',
  'a broken escape': 'latest%g0',
  'two encoded dots and a slash': '%2e%2e%2flatest',
}

const put = (reference: string) => ({
  method: 'PUT',
  target: `/v2/${repository}/manifests/${reference}`,
  headers: { 'Content-Type': imageType },
  body: image(),
})

export const tags: readonly Row[] = [
  ...Object.entries(invalid).flatMap<Row>(([what, tag]) => [
    {
      name: `asks for a tag with ${what}`,
      send: { target: `/v2/${repository}/manifests/${tag}` },
      status: [400, 404],
      code: ['TAG_INVALID', 'MANIFEST_INVALID', 'MANIFEST_UNKNOWN', 'NAME_INVALID', 'NAME_UNKNOWN'],
    },
    {
      name: `pushes a tag with ${what}`,
      send: put(tag),
      status: [400, 404],
      code: ['TAG_INVALID', 'MANIFEST_INVALID', 'NAME_INVALID', 'NAME_UNKNOWN'],
    },
  ]),
  {
    name: 'deletes a tag that starts with a dash',
    send: { method: 'DELETE', target: `/v2/${repository}/manifests/-latest` },
    status: [400, 404],
  },
  {
    name: 'asks with HEAD for a tag that starts with a dot',
    send: { method: 'HEAD', target: `/v2/${repository}/manifests/.latest` },
    status: [400, 404],
  },
  {
    name: 'pushes a manifest to nothing',
    send: put(''),
    status: [400, 404, 405],
  },
  ...['a'.repeat(128), '_', '__proto__', 'constructor', 'sha256', 'list', '1..2--3__4'].map<Row>((tag) => ({
    name: `pushes the tag ${tag.slice(0, 20)}, which is a good one`,
    send: {
      ...put(tag),
      after: ({ headers }) => expect(headers.get('location')).toContain(`/v2/${repository}/manifests/`),
    },
    status: [201],
  })),
]
