import { expect } from 'bun:test'
import { blob, emptyBlob, repository, tagged } from '../content.ts'
import type { Message, Row } from '../row.ts'

const size = blob.bytes.length
const target = `/v2/${repository}/blobs/${blob.digest}`

const whole: NonNullable<Message['after']> = ({ status, body }) => {
  if (status === 200) expect(body.equals(blob.bytes), 'the whole blob').toBe(true)
}

/** RFC 9110, 14.2: a unit that is not known is ignored. */
const otherUnits = ['items=0-5', 'none', 'bytes', '0-5', '=0-5', 'bytes 0-5', 'octets=0-', 'bytes%3d0-5']

/** RFC 9110, 14.2: an invalid specifier may be ignored or refused. */
const invalid = [
  'bytes=',
  'bytes=-',
  'bytes=a-b',
  'bytes=1',
  'bytes=0x0-0x5',
  'bytes=0-5-9',
  'bytes=--5',
  'bytes=+1-5',
  'bytes=1.5-5',
  'bytes=1e2-',
  'bytes=,',
  'bytes=\xff-',
  'bytes=0-5;q=1',
]

const unsatisfiable = [
  `bytes=${size}-`,
  `bytes=${size}-${size + 1}`,
  `bytes=${size * 2}-${size * 3}`,
  'bytes=99999999999999999999999-',
  'bytes=18446744073709551616-18446744073709551617',
  'bytes=-0',
]

const reversed = ['bytes=5-4', `bytes=${size - 1}-${size - 2}`, 'bytes=99999999999999999999-0']

/** Each with the first and the last byte that must come back. */
const satisfiable: Readonly<Record<string, readonly [number, number]>> = {
  'bytes=0-99999999999999999999999': [0, size - 1],
  [`bytes=-${size * 5}`]: [0, size - 1],
  'bytes=-99999999999999999999999': [0, size - 1],
  'bytes=-1': [size - 1, size - 1],
  [`bytes=${size - 1}-`]: [size - 1, size - 1],
  'bytes=000000000000000000001-2': [1, 2],
  'bytes=0-0': [0, 0],
}

const many = Array.from({ length: 500 }, () => '0-').join()

export const blobRanges: readonly Row[] = [
  ...otherUnits.map<Row>((range) => ({
    name: `ignores Range: ${range}`,
    send: { target, headers: { Range: range }, after: whole },
    status: [200],
  })),
  ...invalid.map<Row>((range) => ({
    name: `ignores or refuses Range: ${range}`,
    send: { target, headers: { Range: range }, after: whole },
    status: [200, 416],
  })),
  ...[...unsatisfiable, ...reversed].map<Row>((range) => ({
    name: `refuses Range: ${range}`,
    send: {
      target,
      headers: { Range: range },
      after: ({ headers }) => expect(headers.get('content-range')).toBe(`bytes */${size}`),
    },
    status: [416],
    code: ['SIZE_INVALID', 'RANGE_INVALID', 'UNSUPPORTED', 'BLOB_UNKNOWN'],
  })),
  ...Object.entries(satisfiable).map<Row>(([range, [first, last]]) => ({
    name: `answers Range: ${range}`,
    send: {
      target,
      headers: { Range: range },
      after: ({ headers, body }) => {
        expect(headers.get('content-range')).toBe(`bytes ${first}-${last}/${size}`)
        expect(body.equals(blob.bytes.subarray(first, last + 1)), 'the part').toBe(true)
      },
    },
    status: [206],
  })),
  {
    name: 'answers 500 overlapping ranges with no more than a few times the blob',
    send: {
      target,
      headers: { Range: `bytes=${many}` },
      after: ({ body }) => expect(body.length).toBeLessThanOrEqual(size * 2),
    },
    status: [200, 206, 416],
  },
  {
    name: 'answers two ranges',
    send: { target, headers: { Range: 'bytes=0-1,5-6' }, after: whole },
    status: [200, 206],
  },
  {
    name: 'answers two Range headers',
    send: { target, headers: { Range: 'bytes=0-1', range: 'bytes=5-6' }, after: whole },
    status: [200, 206, 400, 416],
  },
  {
    name: 'ignores a Range whose If-Range names another content',
    send: { target, headers: { Range: 'bytes=0-5', 'If-Range': '"other"' }, after: whole },
    status: [200],
  },
  {
    name: 'ignores a Range whose If-Range is garbage',
    send: { target, headers: { Range: 'bytes=0-5', 'If-Range': '"""' }, after: whole },
    status: [200],
  },
  {
    name: 'answers HEAD with an unsatisfiable Range',
    send: { method: 'HEAD', target, headers: { Range: `bytes=${size}-` } },
    status: [200, 416],
  },
  ...['bytes=0-0', 'bytes=0-', 'bytes=-1'].map<Row>((range) => ({
    name: `answers Range: ${range} of an empty blob`,
    send: { target: `/v2/${repository}/blobs/${emptyBlob.digest}`, headers: { Range: range } },
    status: [200, 416],
  })),
  {
    name: 'answers an unsatisfiable Range of a manifest',
    send: {
      target: `/v2/${repository}/manifests/${tagged.digest}`,
      headers: { Range: 'bytes=99999-' },
    },
    status: [200, 416],
  },
]
