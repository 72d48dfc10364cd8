import { expect } from 'bun:test'
import type { Fixture } from '../fixture.ts'
import type { Headers, Message, Row } from '../row.ts'

/** Sends a PATCH whose frame is broken, and holds that the upload can still be asked for and given up. */
function patch(headers: Headers, body = '', more: Message = {}): (fixture: Fixture) => Promise<Message> {
  return async (fixture) => {
    const target = await fixture.upload()
    return {
      method: 'PATCH',
      target,
      headers,
      body,
      afterwards: async () => {
        const status = await fixture.get(target)
        expect(status.status).toBe(204)
        expect(status.headers.get('range')).toMatch(/^0-\d+$/)
        expect((await fixture.get(target, 'DELETE')).status).toBe(204)
      },
      ...more,
    }
  }
}

const ten = '0123456789'
const chunk = 'a\r\n0123456789\r\n'
const last = '0\r\n\r\n'

/** Bodies that say they are chunked, and are not. */
const badChunks: Readonly<Record<string, string>> = {
  'a size that is no number': `zz\r\n${ten}\r\n${last}`,
  'a negative size': `-a\r\n${ten}\r\n${last}`,
  'a signed size': `+a\r\n${ten}\r\n${last}`,
  'a size with 0x': `0xa\r\n${ten}\r\n${last}`,
  'a size of 64 bits': `ffffffffffffffff\r\n${ten}\r\n${last}`,
  'a size of 72 bits': `ffffffffffffffffff\r\n${ten}\r\n${last}`,
  'a size that wraps around to ten': `1000000000000000a\r\n${ten}\r\n${last}`,
  'no size': `\r\n${ten}\r\n${last}`,
  'a size behind a space': ` a\r\n${ten}\r\n${last}`,
  'line feeds alone': `a\n${ten}\n0\n\n`,
  'no line break behind a chunk': `a\r\n${ten}0\r\n\r\n`,
  'a longer chunk than it says': `5\r\n${ten}\r\n${last}`,
  'a NUL in a size': `a\0\r\n${ten}\r\n${last}`,
  'an extension of 100,000 characters': `a;${'x'.repeat(100_000)}\r\n${ten}\r\n${last}`,
  'a trailer that is none': `${chunk}0\r\nno colon\r\n\r\n`,
}

const encodings: Readonly<Record<string, Headers>> = {
  'both a length and chunks': { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' },
  'both chunks and a length': { 'Transfer-Encoding': 'chunked', 'Content-Length': '25' },
  'chunks twice': { 'Transfer-Encoding': 'chunked, chunked' },
  'gzip and chunks': { 'Transfer-Encoding': 'gzip, chunked' },
  'chunks and gzip': { 'Transfer-Encoding': 'chunked, gzip' },
  'an unknown encoding': { 'Transfer-Encoding': 'xchunked' },
  identity: { 'Transfer-Encoding': 'identity' },
  'two encodings that differ': { 'Transfer-Encoding': 'chunked', 'transfer-encoding': 'identity' },
  'a vertical tab before chunked': { 'Transfer-Encoding': '\x0bchunked' },
  'a space before the colon': { 'Transfer-Encoding ': 'chunked', 'Content-Length': '25' },
}

const lengths: Readonly<Record<string, Headers>> = {
  'a negative length': { 'Content-Length': '-10' },
  'a signed length': { 'Content-Length': '+10' },
  'a length in hexadecimal': { 'Content-Length': '0xa' },
  'a length with a fraction': { 'Content-Length': '10.0' },
  'a length that is a word': { 'Content-Length': 'ten' },
  'an empty length': { 'Content-Length': '' },
  'a length of 64 bits': { 'Content-Length': '18446744073709551616' },
  'a length that wraps around to ten': { 'Content-Length': '18446744073709551626' },
  'two lengths that differ': { 'Content-Length': '10', 'content-length': '5' },
  'two lengths in one header': { 'Content-Length': '10, 5' },
}

const refused = { status: [400, 411, 413, 501], parser: true } as const

export const framing: readonly Row[] = [
  ...Object.entries(badChunks).map<Row>(([what, body]) => ({
    name: `sends chunks with ${what}`,
    send: patch({ 'Transfer-Encoding': 'chunked' }, body, { halfClose: true }),
    ...refused,
  })),
  ...Object.entries(encodings).map<Row>(([what, headers]) => ({
    name: `sends ${what}`,
    send: patch(headers, chunk + last, { halfClose: true }),
    ...refused,
  })),
  {
    name: 'hides a second request behind chunks and a length',
    send: patch(
      { Connection: 'keep-alive', 'Content-Length': '5', 'Transfer-Encoding': 'chunked' },
      `${last}GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    ),
    ...refused,
  },
  ...Object.entries(lengths).map<Row>(([what, headers]) => ({
    name: `sends ${what}`,
    send: patch(headers, ten, { halfClose: true }),
    ...refused,
  })),
  {
    name: 'sends the same length twice',
    send: patch({ 'Content-Length': '10', 'content-length': '10' }, ten),
    status: [202, 400],
    parser: true,
  },
  {
    name: 'says more than it sends',
    send: patch({ 'Content-Length': '1000' }, ten, { halfClose: true }),
    ...refused,
  },
  {
    name: 'says less than it sends',
    send: patch({ 'Content-Length': '5' }, ten, { mayGoOn: true }),
    status: [202, 400],
  },
  {
    name: 'stops before the last chunk',
    send: patch({ 'Transfer-Encoding': 'chunked' }, chunk, { halfClose: true }),
    ...refused,
  },
  {
    name: 'stops within a chunk',
    send: patch({ 'Transfer-Encoding': 'chunked' }, 'a\r\n0123', { halfClose: true }),
    ...refused,
  },
  {
    name: 'sends a chunk with an extension',
    send: patch({ 'Transfer-Encoding': 'chunked' }, `a;name=value\r\n${ten}\r\n${last}`),
    status: [202],
  },
  {
    name: 'sends a trailer',
    send: patch({ 'Transfer-Encoding': 'chunked' }, `${chunk}0\r\nX-Sum: 1\r\n\r\n`, { mayGoOn: true }),
    // RFC 9112, 7.1.2 wants it taken; Bun's parser refuses it.
    status: [202],
    parser: true,
  },
  {
    name: 'compresses a chunk of an upload',
    send: patch({ 'Content-Encoding': 'gzip' }, ten),
    status: [202, 400, 415],
  },
  {
    name: 'expects what nobody knows',
    send: patch({ Expect: '200-ok' }, ten),
    status: [202, 400, 417],
    parser: true,
  },
  {
    name: 'expects to be told to go on',
    send: patch({ Expect: '100-continue' }, ten),
    status: [202],
  },
]
