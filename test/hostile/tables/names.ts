import { expect } from 'bun:test'
import { blob, tagged } from '../content.ts'
import { type Row, utf8 } from '../row.ts'

const longest = `${'a'.repeat(127)}/${'b'.repeat(127)}`

/** None of these is a repository's name, on the string as it arrives. */
const invalid: Readonly<Record<string, string>> = {
  'an upper-case letter': 'Hostile/base',
  'an empty component': 'hostile//base',
  'an empty first component': '/hostile',
  'an empty last component': 'hostile/',
  'a leading dot': '.hostile',
  'a leading dash': '-hostile',
  'a leading underscore': '_catalog',
  'a trailing dash': 'hostile-',
  'two dots inside': 'host..ile',
  'three underscores': 'host___ile',
  'a dot behind a dash': 'host-.ile',
  'a tilde': '~root',
  'a colon': 'localhost:5000/base',
  'an at sign': 'hostile@base',
  'an encoded slash': 'hostile%2fbase',
  'an encoded slash in upper case': 'hostile%2Fbase',
  'an encoded NUL': 'hostile%00',
  'an encoded space': 'hostile%20base',
  'an encoded line break': 'hostile%0d%0aX-Injected:%20yes',
  'an encoded letter': 'host%69le/base',
  'an encoded percent sign': 'hostile%252fbase',
  'a broken escape': 'hostile%zz',
  'an escape that is cut off': 'hostile%',
  accents: utf8('hostilé/base'),
  'accents, encoded': 'hostil%c3%a9/base',
  'a Cyrillic look-alike': utf8('hоstile/base'),
  'full-width letters': utf8('ｈｏｓｔｉｌｅ'),
  'an emoji': utf8('🐳'),
  'invalid UTF-8': 'hostile\xff\xfe',
  'an overlong slash': 'hostile%c0%afbase',
  'a right-to-left override': utf8('hostile\u202ebase'),
  'angle brackets and quotes': 'hostile"<script>',
  '256 characters': `${longest}a`,
  '12,000 characters': 'a/'.repeat(6000).slice(0, -1),
}

/** Words of the routes, and other names that look wrong and are right. */
const valid = [
  'manifests',
  'blobs',
  'tags',
  'uploads',
  'list',
  'referrers',
  'v2',
  'tags/list',
  'blobs/uploads',
  'hostile/manifests/latest',
  'hostile/blobs/uploads',
  'host__ile/ba--se/1.0_x',
  longest,
]

/** Out of the registry, if anybody resolved them on the file system. Where they are normalised, they must be harmless. */
const escapes = [
  '/v2/../../../../etc/passwd',
  '/v2/hostile/base/blobs/../../../../../../etc/passwd',
  '/v2/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '/v2/..%2f..%2f..%2fetc%2fpasswd/tags/list',
  '/v2/..%5c..%5cetc/tags/list',
  '/v2/.%2e/.%2e/etc/tags/list',
  '/v2/hostile/base/manifests/..%2f..%2f..%2fmetadata.sqlite',
  '/v2/hostile/base/blobs/%2e%2e%2f%2e%2e%2fmetadata.sqlite',
  '/v2/....//....//etc/passwd/tags/list',
  '/../../metadata.sqlite',
  '//etc/passwd',
  '/v2//',
  '/v2//tags/list',
  '/V2/',
  '/v2/tags/list',
  '/v2/manifests/latest',
  `/v2/blobs/${blob.digest}`,
  '/v2/hostile/base',
  '/v2/hostile/base/',
  '/v2/hostile/base/tags',
  '/v2/hostile/base/tags/list/',
  '/v2/hostile/base/manifests/',
  '/v2/hostile/base/manifests/latest/',
  '/v2/hostile/base/blobs/',
  `/v2/hostile/base/blobs/${blob.digest}/`,
  `/v2/hostile/base/referrers/${tagged.digest}/`,
  '/v2/_catalog/',
]

export const names: readonly Row[] = [
  ...Object.entries(invalid).flatMap<Row>(([what, name]) => [
    {
      name: `lists tags of a repository with ${what}`,
      send: { target: `/v2/${name}/tags/list` },
      status: [400, 404],
      code: ['NAME_INVALID', 'NAME_UNKNOWN'],
    },
    {
      name: `opens an upload in a repository with ${what}`,
      send: { method: 'POST', target: `/v2/${name}/blobs/uploads/` },
      status: [400, 404],
      code: ['NAME_INVALID', 'NAME_UNKNOWN'],
    },
  ]),
  ...valid.map<Row>((name) => ({
    name: `opens an upload in the repository ${name.slice(0, 40)}, which is a good name`,
    send: {
      method: 'POST',
      target: `/v2/${name}/blobs/uploads/`,
      after: ({ headers }) => expect(headers.get('location')).toContain(`/v2/${name}/blobs/uploads/`),
    },
    status: [202],
  })),
  ...escapes.map<Row>((target) => ({ name: `asks for ${target}`, send: { target }, status: [400, 404] })),
  {
    name: 'asks a repository named manifests for its manifest',
    send: { target: '/v2/manifests/manifests/latest' },
    status: [404],
    code: ['MANIFEST_UNKNOWN', 'NAME_UNKNOWN'],
  },
  {
    name: 'asks a repository named tags/list for its tags',
    send: { target: '/v2/tags/list/tags/list' },
    status: [404],
    code: ['NAME_UNKNOWN'],
  },
  ...['/v2/elsewhere/../hostile/base', '/v2/./hostile/base', '/v2/hostile\\base'].map<Row>((prefix) => ({
    name: `opens an upload at ${prefix}, which a parser may normalise`,
    send: { method: 'POST', target: `${prefix}/blobs/uploads/` },
    status: [202, 400, 404],
  })),
  {
    name: 'holds a NUL in the target',
    send: { target: '/v2/hostile\0base/tags/list' },
    status: [400, 404],
    parser: true,
  },
  {
    name: 'names a repository of 100,000 characters',
    send: { target: `/v2/${'a'.repeat(100_000)}/tags/list` },
    status: [400, 404],
    parser: true,
  },
]
