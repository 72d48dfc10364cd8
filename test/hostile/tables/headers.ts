import { expect } from 'bun:test'
import { blob, repository } from '../content.ts'
import { type Message, type Row, utf8 } from '../row.ts'

const manifest = `/v2/${repository}/manifests/latest`
const blobPath = `/v2/${repository}/blobs/${blob.digest}`

const accepts: Readonly<Record<string, string>> = {
  nothing: '',
  'nothing that is served': 'text/html',
  'no type': ';;;,,,',
  'a weight that is no number': '*/*;q=NaN',
  'a negative weight': 'application/json;q=-1',
  'a weight of zero': '*/*;q=0',
  'an open quote': 'text/html;a="',
  accents: utf8('é/é'),
  '1,000 types': Array.from({ length: 1000 }, (_, n) => `a/b${n}`).join(),
}

const conditions: Readonly<Record<string, Record<string, string>>> = {
  'an If-None-Match without quotes': { 'If-None-Match': blob.digest },
  'an If-None-Match with an open quote': { 'If-None-Match': '"' },
  'an empty If-None-Match': { 'If-None-Match': '' },
  'an If-None-Match of 2,000 tags': { 'If-None-Match': Array.from({ length: 2000 }, () => '"a"').join() },
  'an If-None-Match of bytes above ASCII': { 'If-None-Match': '"\xff\xfe"' },
  'an If-Modified-Since that is no date': { 'If-Modified-Since': 'yesterday' },
  'an If-Modified-Since in the year 99999': { 'If-Modified-Since': 'Mon, 01 Jan 99999 00:00:00 GMT' },
  'an Accept-Encoding of everything': { 'Accept-Encoding': 'gzip, br, zstd, deflate, identity;q=0' },
  'a TE': { TE: 'trailers, chunked' },
}

const authorizations = [
  '',
  'Basic',
  'Basic !!!',
  'Basic Og==',
  'Bearer',
  'Bearer a.b.c',
  'Digest x',
  'Basic \xff',
]

/** Text that would steer the terminal of whoever reads the log. */
const agents: Readonly<Record<string, string>> = {
  'an escape sequence': '\x1b[2J\x1b]0;owned\x07',
  'a control sequence of 8 bits': '\x9b2J',
  'a tab and a backspace': 'a\tb\bc',
  'bytes above ASCII': '\xff\xfe',
  'a line of a log': 'x status=500" level=error',
  '10,000 characters': 'a'.repeat(10_000),
}

/** What a proxy may say, if it is trusted, and what anybody may say who is not. */
const forwarded: Readonly<Record<string, Record<string, string>>> = {
  'another host': { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' },
  'a host with quotes': { 'X-Forwarded-Host': '"><script>alert(1)</script>' },
  'a host with a path': { 'X-Forwarded-Host': 'evil.example/v2/elsewhere?' },
  'a host with a space': { 'X-Forwarded-Host': 'evil.example X' },
  'a host with escaped line breaks': { 'X-Forwarded-Host': 'evil.example%0d%0aX-Injected: yes' },
  'two hosts': { 'X-Forwarded-Host': 'a.example, b.example' },
  'an empty host': { 'X-Forwarded-Host': '', 'X-Forwarded-Proto': '' },
  'a script as scheme': { 'X-Forwarded-Proto': 'javascript' },
  'a port that is no number': { 'X-Forwarded-Port': 'NaN', 'X-Forwarded-Proto': 'https' },
  'a prefix that climbs': { 'X-Forwarded-Prefix': '/../../evil' },
  'a Forwarded with an open quote': { Forwarded: 'host="evil.example;proto=https' },
  'a Forwarded with everything': { Forwarded: 'for=_x;by="[::1]:x";host="a\\"b";proto=javascript' },
  'a Forwarded of 8,000 bytes': { Forwarded: 'for=a,'.repeat(1300) },
  'an address of bytes': { 'X-Forwarded-For': '\xff\xfe, ::::, 999.999.999.999' },
  'another address': { 'X-Original-URL': '/v2/_catalog', 'X-Rewrite-URL': '/v2/_catalog' },
  'another method': { 'X-HTTP-Method-Override': 'DELETE' },
}

const ours: NonNullable<Message['after']> = ({ headers }) => {
  expect(headers.get('location')).toMatch(
    new RegExp(`^(http://127\\.0\\.0\\.1)?/v2/${repository}/blobs/uploads/[\\w-]+(\\?[\\w=&%.~-]+)?$`),
  )
  expect([...headers.keys()]).not.toContain('x-injected')
}

export const headers: readonly Row[] = [
  ...Object.entries(accepts).map<Row>(([what, accept]) => ({
    name: `asks for a manifest and accepts ${what}`,
    send: { target: manifest, headers: { Accept: accept } },
    status: [200],
  })),
  {
    name: 'asks for a manifest and accepts 100,000 bytes of types',
    send: { target: manifest, headers: { Accept: 'a/b,'.repeat(25_000) } },
    status: [200],
    parser: true,
  },
  ...[manifest, blobPath].flatMap((target) =>
    Object.entries(conditions).map<Row>(([what, conditional]) => ({
      name: `asks for a ${target === manifest ? 'manifest' : 'blob'} with ${what}`,
      send: {
        target,
        headers: conditional,
        after: (answer) => expect(answer.headers.has('content-encoding')).toBe(false),
      },
      status: [200],
    })),
  ),
  {
    name: 'asks for a manifest with If-None-Match: *',
    send: { target: manifest, headers: { 'If-None-Match': '*' } },
    status: [200, 304],
  },
  ...Object.entries(agents).map<Row>(([what, agent]) => ({
    name: `calls itself by ${what}`,
    send: { target: '/v2/', headers: { 'User-Agent': agent } },
    status: [200, 400],
    parser: true,
  })),
  ...authorizations.map<Row>((authorization) => ({
    name: `signs in with ${JSON.stringify(authorization)}`,
    send: { target: '/v2/', headers: { Authorization: authorization } },
    status: [200, 400, 401],
  })),
  ...Object.entries(forwarded).map<Row>(([what, injected]) => ({
    name: `opens an upload as if forwarded with ${what}`,
    send: { method: 'POST', target: `/v2/${repository}/blobs/uploads/`, headers: injected, after: ours },
    status: [202],
  })),
]
