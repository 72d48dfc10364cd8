import { afterAll, beforeAll, expect, test } from 'bun:test'
import { audience, type OidcIssuer, startOidcIssuer } from '../../../test/support/oidc-issuer.ts'
import { RegistryError } from '../../oci/errors.ts'
import { fetchIssuerKeys } from './issuer-documents.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { isSignedByIssuer } from './verify-signature.ts'
import { readWorkloadToken } from './workload-token.ts'

let issuer: OidcIssuer
/** Beside the clock that tokens are made by. */
let later = 0
const now = () => Date.now() + later
let keys: IssuerKeys

beforeAll(async () => {
  issuer = await startOidcIssuer()
})
afterAll(() => issuer[Symbol.asyncDispose]())

function begin(): void {
  later = 0
  issuer.fail(undefined)
  issuer.asked.length = 0
  keys = new IssuerKeys(fetchIssuerKeys({ privateIssuers: [issuer.url] }), now)
}

const isSigned = (token: string) => isSignedByIssuer(readWorkloadToken(token, Date.now()), keys, Date.now())
const asked = () => issuer.asked.filter((path) => path === '/jwks').length

test('an issuer is asked once, however many tokens come', async () => {
  begin()
  const token = await issuer.token({ sub: 'job' })
  expect(new Set(await Promise.all(Array.from({ length: 20 }, () => isSigned(token))))).toEqual(
    new Set([true]),
  )
  later = 4 * 60_000
  expect(await isSigned(token)).toBe(true)
  expect(asked()).toBe(1)
  later = 6 * 60_000
  expect(await isSigned(token)).toBe(true)
  expect(asked()).toBe(2)
})

test('a new key is taken up with its first token, and what the old one signed ends with it', async () => {
  begin()
  const old = await issuer.token({ sub: 'job' })
  expect(await isSigned(old)).toBe(true)
  await issuer.rotate()
  later = 6000
  expect(await isSigned(await issuer.token({ sub: 'job' }))).toBe(true)
  expect(await isSigned(old)).toBe(false)
})

test('tokens with made-up keys have the issuer asked once in five seconds', async () => {
  begin()
  await isSigned(await issuer.token({ sub: 'job' }))
  const stranger = await startOidcIssuer()
  for (let at = 0; at < 20; at += 1) {
    later += 1000
    expect(await isSigned(await stranger.token({ iss: issuer.url }))).toBe(false)
  }
  expect(asked()).toBeWithin(3, 7)
  await stranger[Symbol.asyncDispose]()
})

test('an issuer that is down is gone without for a day, and then told to be down', async () => {
  begin()
  const token = await issuer.token({ sub: 'job' })
  expect(await isSigned(token)).toBe(true)
  issuer.fail(500)
  later = 23 * 3_600_000
  expect(await isSigned(token)).toBe(true)
  later = 25 * 3_600_000
  const failure = await failureOf(isSigned(token))
  expect(failure.code).toBe('ISSUER_UNAVAILABLE')
  expect(failure.message).toContain('openid-configuration answered 500')
  issuer.fail(undefined)
  later += 6000
  expect(await isSigned(token)).toBe(true)
})

test('an issuer that never answered is told to be down, and asked again after five seconds', async () => {
  begin()
  const token = await issuer.token({ sub: 'job' })
  issuer.fail(503)
  for (let at = 0; at < 5; at += 1)
    expect((await failureOf(isSigned(token))).message).toContain(`the keys of ${issuer.url} can’t be had`)
  expect(issuer.asked.filter((path) => path.includes('configuration'))).toHaveLength(1)
})

test('issuers that never answer leave what is known of others usable, and are bounded', async () => {
  begin()
  const token = await issuer.token({ sub: 'job' })
  const fetchKeys = fetchIssuerKeys({ privateIssuers: [issuer.url] })
  let asked = 0
  const hanging = new IssuerKeys((name) => {
    if (name === issuer.url && asked === 0) return fetchKeys(name)
    asked += 1
    return new Promise(() => undefined)
  }, now)
  const signed = () => isSignedByIssuer(readWorkloadToken(token, Date.now()), hanging, Date.now())
  expect(await signed()).toBe(true)
  for (let at = 0; at < 32; at += 1) void hanging.of(`https://slow${at}.example`)
  expect((await failureOf(hanging.of('https://one-more.example'))).message).toContain('too many issuers')
  later = 6 * 60_000
  expect(await signed()).toBe(true)
  expect(asked).toBe(32)
})

test('redirects are not followed', async () => {
  begin()
  const token = await issuer.token({ sub: 'job' })
  issuer.fail(302)
  expect((await failureOf(isSigned(token))).message).toContain('answered 302')
})

test('issuers at private addresses are not asked unless the operator lists them, to the letter', async () => {
  begin()
  for (const listed of [[], [`${issuer.url}/`], ['http://127.0.0.1']]) {
    const fetch = fetchIssuerKeys({ privateIssuers: listed })
    expect(String(await fetch(issuer.url).catch((error) => error))).toContain('only HTTPS is spoken')
    const tls = issuer.url.replace('http:', 'https:')
    expect(String(await fetch(tls).catch((error) => error))).toContain('it is a loopback address')
  }
  expect(issuer.asked).toEqual([])
})

test.each<[string, (url: string) => object | string, string]>([
  ['calls itself by another name', (url) => ({ issuer: `${url}/`, jwks_uri: `${url}/keys` }), 'calls itself'],
  ['names no keys', (url) => ({ issuer: url }), 'names no keys'],
  ['is no JSON', () => 'hello', 'answered no JSON'],
  ['is null', () => 'null', 'answered no JSON object'],
  ['has no end', () => ' '.repeat(70_000), 'answered more than 65536 bytes'],
  ['names keys elsewhere', (url) => ({ issuer: url, jwks_uri: 'http://169.254.169.254/keys' }), 'only HTTPS'],
  ['names keys in private', (url) => ({ issuer: url, jwks_uri: 'https://10.0.0.1/keys' }), 'private address'],
  ['names keys nowhere', (url) => ({ issuer: url, jwks_uri: 'nowhere' }), 'is no URL'],
  [
    'has a heap of keys',
    (url) => ({ issuer: url, jwks_uri: `${url}/x`, keys: Array(101).fill({}) }),
    'no set of keys',
  ],
  [
    'has keys that are none',
    (url) => ({ issuer: url, jwks_uri: `${url}/x`, keys: 'keys' }),
    'no set of keys',
  ],
])('a provider that %s is refused', async (_, answer, words) => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch({ url }) {
      const made = answer(new URL(url).origin)
      return typeof made === 'string' ? new Response(made) : Response.json(made)
    },
  })
  const url = server.url.origin
  const failure = await fetchIssuerKeys({ privateIssuers: [url] })(url).catch((error: unknown) => error)
  expect(String(failure)).toContain(words)
  await server.stop(true)
})

test('keys that sign nothing, or are secrets, are left out', async () => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) =>
      Response.json({
        issuer: new URL(url).origin,
        jwks_uri: `${new URL(url).origin}/x`,
        keys: [
          { kty: 'oct', k: 'c2VjcmV0' },
          { kty: 'RSA', use: 'enc' },
          null,
          'key',
          { kty: 'EC', kid: 'a' },
        ],
      }),
  })
  const url = server.url.origin
  expect(await fetchIssuerKeys({ privateIssuers: [url] })(url)).toEqual({ keys: [{ kty: 'EC', kid: 'a' }] })
  await server.stop(true)
})

test('a token for another audience is signed as well as any', async () => {
  begin()
  expect(await isSigned(await issuer.token({}, { audience: `${audience}/other` }))).toBe(true)
})

async function failureOf(attempt: Promise<unknown>): Promise<RegistryError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof RegistryError) return error
  throw new Error(`it did not fail as it should: ${error}`)
}
