import { expect } from 'bun:test'
import { repository, tagged } from '../content.ts'
import { type Message, type Row, utf8 } from '../row.ts'

const lists = { tags: `/v2/${repository}/tags/list`, repositories: '/v2/_catalog' } as const
const referrers = `/v2/${repository}/referrers/${tagged.digest}`

/** Not the number of entries that one can ask for. */
const notNumbers = [
  '-1',
  'abc',
  '1.5',
  '1e99',
  '0x10',
  'NaN',
  'Infinity',
  '%00',
  '%ff',
  '1%00',
  '+',
  '1,2',
  '%zz',
]

/** A number that is too large may be taken as the most there is; nothing and white space are open too. */
const oddNumbers = [
  '99999999999999999999999',
  '2147483648',
  '18446744073709551617',
  '',
  '%201',
  '1&n=2',
  '00001',
  '-0',
]

const lasts: Readonly<Record<string, string>> = {
  NUL: '%00',
  'a NUL behind a name': 'latest%00',
  accents: '%c3%a9',
  'a raw accent': utf8('é'),
  'an emoji': '%F0%9F%90%B3',
  'invalid UTF-8': '%ff%fe',
  'a lone surrogate': '%ed%a0%80',
  'a broken escape': '%zz',
  'a wildcard': '%25',
  'a quote': "'%20OR%20'1'='1",
  'a line break': 'a%0d%0aX-Injected:%20yes',
  'angle brackets': '%3E;%20rel=%22next%22',
  'a path': '..%2f..%2fetc',
  '8,000 characters': 'z'.repeat(8000),
  'the last twice': 'a&last=b',
}

const filters: Readonly<Record<string, string>> = {
  NUL: '%00',
  'invalid UTF-8': '%ff',
  'a broken escape': '%',
  'a line break': 'a%0d%0aX-Injected:%20yes',
  'a quote': '%22',
  '8,000 characters': 'a'.repeat(8000),
  'a wildcard': '*/*',
  nothing: '',
  'two types': 'a/b&artifactType=c/d',
}

const isIndex: NonNullable<Message['after']> = ({ status, body, headers }) => {
  if (status !== 200) return
  expect(headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json')
  expect(JSON.parse(body.toString('utf8')).manifests).toBeArray()
}

export const listings: readonly Row[] = [
  ...Object.entries(lists).flatMap(([what, target]) => [
    ...notNumbers.map<Row>((n) => ({
      name: `refuses to list ${what} with n=${n}`,
      send: { target: `${target}?n=${n}` },
      status: [400],
      code: ['PAGINATION_NUMBER_INVALID', 'UNSUPPORTED'],
    })),
    ...oddNumbers.map<Row>((n) => ({
      name: `lists ${what} with n=${n || 'nothing'}, or refuses`,
      send: { target: `${target}?n=${n}` },
      status: [200, 400],
      code: ['PAGINATION_NUMBER_INVALID', 'UNSUPPORTED'],
    })),
    ...Object.entries(lasts).map<Row>(([last, value]) => ({
      name: `lists ${what} after ${last}`,
      send: { target: `${target}?n=1&last=${value}` },
      status: [200, 400],
    })),
  ]),
  ...Object.entries(filters).map<Row>(([what, type]) => ({
    name: `lists referrers by ${what} as artifactType`,
    send: { target: `${referrers}?artifactType=${type}`, after: isIndex },
    status: [200, 400],
  })),
  ...['n=-1', 'n=abc', 'last=%00', 'last=sha256:short', 'next=%ff'].map<Row>((query) => ({
    name: `lists referrers with ${query}`,
    send: { target: `${referrers}?${query}`, after: isIndex },
    status: [200, 400],
  })),
  ...[
    '?',
    '?&&&',
    '?=',
    '?%',
    '?%00=%00',
    '?__proto__[n]=1',
    '?n[]=1',
    '??n=1',
    `?${'a=b&'.repeat(2000)}`,
  ].map<Row>((query) => ({
    name: `lists tags with the query ${query.slice(0, 20)}`,
    send: { target: `${lists.tags}${query}` },
    status: [200, 400],
  })),
]
