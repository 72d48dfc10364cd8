import { expect } from 'bun:test'
import { blob, repository, tagged } from '../content.ts'
import type { Row } from '../row.ts'

const base = `/v2/${repository}`

/** The methods that each route does not take. */
const refused: Readonly<Record<string, readonly string[]>> = {
  '/v2/': ['POST', 'PUT', 'PATCH', 'DELETE'],
  '/v2/_catalog': ['POST', 'PUT', 'DELETE'],
  [`${base}/tags/list`]: ['POST', 'PUT', 'PATCH', 'DELETE'],
  [`${base}/manifests/latest`]: ['POST', 'PATCH'],
  [`${base}/blobs/${blob.digest}`]: ['POST', 'PUT', 'PATCH'],
  [`${base}/blobs/uploads/`]: ['GET', 'PUT', 'PATCH', 'DELETE'],
  [`${base}/referrers/${tagged.digest}`]: ['POST', 'PUT', 'DELETE'],
}

const strange = ['TRACE', 'PROPFIND', 'SEARCH', 'LINK', 'MKCOL']

/** An HTTP parser need not know these. */
const unknown = ['BREW', 'get', 'G'.repeat(10_000), 'GET/../']

export const methods: readonly Row[] = [
  ...Object.entries(refused).flatMap(([target, names]) =>
    names.map<Row>((method) => ({
      name: `sends ${method} to ${target.slice(0, 60)}`,
      send: { method, target, body: 'TOP SECRET' },
      status: [405],
      code: ['UNSUPPORTED'],
    })),
  ),
  {
    name: 'sends POST to an upload',
    send: async (fixture) => ({ method: 'POST', target: await fixture.upload() }),
    status: [405],
    code: ['UNSUPPORTED'],
  },
  ...strange.map<Row>((method) => ({
    name: `sends ${method} to a manifest`,
    send: {
      method,
      target: `${base}/manifests/latest`,
      headers: { Cookie: 'TOP SECRET' },
      // A TRACE that is answered shows a script what it must not see.
      after: ({ body }) => expect(body.toString()).not.toContain('TOP SECRET'),
    },
    status: [405],
    code: ['UNSUPPORTED'],
    parser: true,
  })),
  ...unknown.map<Row>((method) => ({
    name: `sends the method ${method.slice(0, 20)}`,
    send: { method, target: '/v2/' },
    status: [405],
    code: ['UNSUPPORTED'],
    parser: true,
  })),
  ...['127.0.0.1:22', 'evil.example:443', '/v2/'].map<Row>((target) => ({
    name: `sends CONNECT ${target}`,
    send: { method: 'CONNECT', target },
    status: [400, 404, 405],
    parser: true,
  })),
  ...['OPTIONS', 'GET'].map<Row>((method) => ({
    name: `sends ${method} *`,
    send: { method, target: '*' },
    status: [200, 204, 400, 404, 405],
    parser: true,
  })),
  {
    name: 'sends OPTIONS to the registry',
    send: { method: 'OPTIONS', target: '/v2/' },
    status: [200, 204, 405],
  },
  {
    name: 'sends DELETE to what does not exist',
    send: { method: 'DELETE', target: '/v2/hostile/nobody' },
    status: [400, 404, 405],
  },
]
