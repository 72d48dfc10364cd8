import { expect } from 'bun:test'
import { repository } from '../content.ts'
import type { Message, Row } from '../row.ts'

const mebibyte = 1024 * 1024
const tagsList = `/v2/${repository}/tags/list`

/** A request whose line and headers are exactly these. */
function lines(...all: string[]): Message {
  return { raw: `${all.join('\r\n')}\r\n\r\n`, halfClose: true }
}

const ok = 'GET /v2/ HTTP/1.1'
const host = 'Host: 127.0.0.1'
const close = 'Connection: close'

const withHeader = (line: string) => lines(ok, host, line, close)

/** No HTTP/1.1 server may take these. */
const broken: Readonly<Record<string, Message>> = {
  'no version': lines('GET /v2/', host, close),
  'HTTP/0.9': { raw: 'GET /v2/\r\n', halfClose: true },
  'HTTP/2.0': lines('GET /v2/ HTTP/2.0', host, close),
  'HTTP/3.0': lines('GET /v2/ HTTP/3.0', host, close),
  'HTTP/1.1 and more': lines('GET /v2/ HTTP/1.1x', host, close),
  'a version in lower case': lines('GET /v2/ http/1.1', host, close),
  'the preface of HTTP/2': { raw: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', halfClose: true },
  'a TLS greeting': {
    raw: Buffer.from(`16030100a5010000a10303${'ab'.repeat(150)}`, 'hex'),
    halfClose: true,
  },
  'random bytes': { raw: '\0\x01\x02\xff\xfe\r\n\r\n', halfClose: true },
  'nothing but line breaks': { raw: '\r\n'.repeat(100), halfClose: true },
  'half of a head': { raw: 'GET /v2/ HTTP/1.1\r\nHost: 127', halfClose: true },
  nothing: { raw: '', halfClose: true },
  'a space in the target': lines('GET /v2/ _catalog HTTP/1.1', host, close),
  'a control character in the target': lines('GET /v2/\x01\x7f HTTP/1.1', host, close),
  'a carriage return in the target': lines('GET /v2/\r HTTP/1.1', host, close),
  'a target without a slash': lines('GET v2/ HTTP/1.1', host, close),
  'a method with a bracket': lines('G(T /v2/ HTTP/1.1', host, close),
  'a NUL in a header': withHeader('X-Any: a\0b'),
  'a NUL in a header’s name': withHeader('X-A\0ny: ab'),
  'a carriage return in a header': withHeader('X-Any: a\rb'),
  'a header without a colon': withHeader('X-Any'),
  'a header without a name': withHeader(': any'),
  'a space in a header’s name': withHeader('X Any: a'),
  'a space before a colon': withHeader('X-Any : a'),
  'a space before the first header': lines(ok, ` ${host}`, close),
  'a header that is folded': withHeader('X-Any: a\r\n b'),
}

/** Each server's own choice, as long as it chooses. */
const open: Readonly<Record<string, Message>> = {
  'line feeds alone': { raw: `${ok}\n${host}\n${close}\n\n`, halfClose: true },
  'one line feed alone': { raw: `${ok}\r\n${host}\nX-Any: a\r\n${close}\r\n\r\n`, halfClose: true },
  'tabs in the first line': lines('GET\t/v2/\tHTTP/1.1', host, close),
  'two spaces in the first line': lines('GET  /v2/  HTTP/1.1', host, close),
  'empty lines before it': { ...lines('', '', ok, host, close), method: 'GET' },
  'HTTP/1.2': lines('GET /v2/ HTTP/1.2', host, close),
  'bytes above ASCII in a header': withHeader('X-Any: \xff\xfe'),
  'a header of 12,000 bytes': withHeader(`X-Any: ${'a'.repeat(12_000)}`),
  'a header of 10 MiB': withHeader(`X-Any: ${'a'.repeat(10 * mebibyte)}`),
  'a header’s name of 1 MiB': withHeader(`${'X'.repeat(mebibyte)}: a`),
  '150 headers': withHeader(Array.from({ length: 150 }, (_, n) => `X-${n}: a`).join('\r\n')),
  '100,000 headers': withHeader(Array.from({ length: 100_000 }, (_, n) => `X-${n}: a`).join('\r\n')),
  '10,000 headers of one name': withHeader(Array.from({ length: 10_000 }, () => 'X: a').join('\r\n')),
  'a query of 1 MiB': lines(`GET /v2/?${'a'.repeat(mebibyte)} HTTP/1.1`, host, close),
  'a fragment': lines('GET /v2/#fragment HTTP/1.1', host, close),
  'an upgrade to WebSocket': lines(
    ok,
    host,
    'Connection: Upgrade, close',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: aGVsbG8gd29ybGQgYWFhYQ==',
  ),
  'an upgrade to h2c': lines(ok, host, 'Connection: Upgrade, close', 'Upgrade: h2c'),
  'a body to a GET': { raw: `${ok}\r\n${host}\r\n${close}\r\nContent-Length: 3\r\n\r\nabc` },
}

/** Holds that the list came that the first line asks for, and nothing that another part of the request hints at. */
const theTags: NonNullable<Message['after']> = ({ status, body }) => {
  if (status === 200) expect(JSON.parse(body.toString()).name).toBe(repository)
}

/** What is asked for is the first line's business: a Host that looks like a part of a target must not become one. */
const hosts: Readonly<Record<string, string>> = {
  'a path in the Host': 'x/v2/hostile/elsewhere/tags/list?',
  'a query in the Host': 'x?://y/v2/',
  'a fragment in the Host': 'x#',
  'an open bracket in the Host': '[::1',
  'quotes in the Host': '"><script>',
  'a space in the Host': 'a b',
  'an at sign in the Host': 'user:password@evil.example',
  'a backslash in the Host': 'a\\v2\\hostile\\elsewhere',
  'a port that is too large in the Host': 'a:99999999',
  'bytes above ASCII in the Host': 'a\xffb',
  'dots in the Host': '../..',
  'an empty Host': '',
}

export const heads: readonly Row[] = [
  ...Object.entries(broken).map<Row>(([what, send]) => ({
    name: `sends ${what}`,
    send,
    status: [400],
    parser: true,
  })),
  ...Object.entries(open).map<Row>(([what, send]) => ({
    name: `sends ${what}`,
    send,
    status: [200, 400, 404],
    parser: true,
  })),
  ...Object.entries(hosts).map<Row>(([what, value]) => ({
    name: `sends ${what}`,
    send: { ...lines(`GET ${tagsList} HTTP/1.1`, `Host: ${value}`, close), after: theTags },
    status: [200, 400],
    parser: true,
  })),
  { name: 'sends no Host', send: lines(ok, close), status: [400], parser: true },
  {
    name: 'sends two Hosts',
    send: lines(ok, host, 'Host: evil.example', close),
    status: [200, 400],
    parser: true,
  },
  {
    name: 'sends HTTP/1.0 without a Host, as a health check does',
    send: {
      ...lines('GET /v2/ HTTP/1.0'),
      after: ({ status, headers }) => {
        expect(status).toBe(200)
        expect(headers.get('docker-distribution-api-version')).toBe('registry/2.0')
      },
    },
    status: [200],
  },
  {
    name: 'sends HTTP/1.0 without a Host to a list, with an address in the query',
    send: {
      ...lines(`GET ${tagsList}?last=http://evil.example/v2/ HTTP/1.0`),
      after: theTags,
    },
    status: [200],
  },
  {
    name: 'opens an upload with HTTP/1.0 and without a Host',
    send: {
      raw: `POST /v2/${repository}/blobs/uploads/ HTTP/1.0\r\nContent-Length: 0\r\n\r\n`,
      after: ({ headers }) => expect(headers.get('location')).toContain(`/v2/${repository}/blobs/uploads/`),
    },
    status: [202],
  },
  {
    name: 'climbs with HTTP/1.0',
    send: lines('GET /v2/hostile/../../../etc/passwd HTTP/1.0'),
    status: [400, 404],
  },
  ...['http://127.0.0.1', 'http://evil.example', 'https://evil.example:99999'].map<Row>((origin) => ({
    name: `asks for ${origin}/v2/, as a proxy is asked`,
    send: lines(`GET ${origin}/v2/ HTTP/1.1`, host, close),
    status: [200, 400],
    parser: true,
  })),
  {
    name: 'asks for a file as a proxy is asked',
    send: lines('GET file:///etc/passwd HTTP/1.1', host, close),
    status: [400, 404],
    parser: true,
  },
]
