import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'

let closed: ClosedRegistry
let url: string
let manifest: string
beforeAll(async () => {
  closed = await startClosedRegistry({ args: ['--log-level', 'error'] })
  url = closed.url
  manifest = `${url}/v2/alice/private/manifests/latest`
})
afterAll(() => closed[Symbol.asyncDispose]())

const part = (object: object) => Buffer.from(JSON.stringify(object)).toString('base64url')
const decoded = (text = '') =>
  JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>

test('no forged token opens anything, by whichever route', async () => {
  const good = await closed.token(basic(closed.alice), 'repository:alice/private:pull,push,delete')
  expect((await as(bearer(good), manifest)).status).toBe(200)
  const [head = '', body = '', signature = ''] = good.split('.')
  const [header, payload] = [decoded(head), decoded(body)]
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: JWK[] }
  const signed = `${part({ ...header, alg: 'HS256' })}.${body}`
  const own = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(own.publicKey)
  const sign = (more: object, changed: object = {}) =>
    new SignJWT({ ...payload, ...changed })
      .setProtectedHeader({ alg: 'ES256', ...header, ...more } as never)
      .sign(own.privateKey)
  const jwks = Bun.serve({ port: 0, fetch: () => Response.json({ keys: [{ ...jwk, kid: 'theirs' }] }) })
  const forged: Record<string, string> = {
    'without a signature': `${part({ ...header, alg: 'none' })}.${body}.`,
    'without a signature, with the old one': `${part({ ...header, alg: 'none' })}.${body}.${signature}`,
    'HMAC with the public key': `${signed}.${createHmac('sha256', JSON.stringify(keys[0])).update(signed).digest('base64url')}`,
    'HMAC with a part of the key': `${signed}.${createHmac('sha256', keys[0]?.x ?? '')
      .update(signed)
      .digest('base64url')}`,
    'signed again': await sign({}),
    'with a key in it': await sign({ jwk }),
    'with a key behind an address': await sign({ jku: `${jwks.url}`, kid: 'theirs' }),
    'with a path for a key': await sign({ kid: '../../../../dev/null' }),
    'for longer': `${head}.${part({ ...payload, exp: 4_000_000_000 })}.${signature}`,
    'for another audience': await sign({}, { aud: 'other' }),
    'of another registry': await sign({}, { iss: 'other' }),
    'for another repository': `${head}.${part({ ...payload, access: [{ type: 'repository', name: 'bob/private', actions: ['*'] }] })}.${signature}`,
    oversized: `${head}.${body}${'A'.repeat(9000)}.${signature}`,
    'cut off': good.slice(0, -1),
  }
  const opened: string[] = []
  for (const [how, token] of Object.entries(forged)) {
    for (const [method, path] of [
      ['GET', 'v2/'],
      ['GET', 'v2/alice/private/manifests/latest'],
      ['DELETE', 'v2/alice/private/manifests/latest'],
      ['GET', 'v2/_catalog'],
      ['GET', 'v1/search?q=a'],
      ['GET', 'api/v1/repositories'],
      ['GET', 'metrics'],
    ] as const) {
      const answer = await as(bearer(token), `${url}/${path}`, { method })
      if (answer.status !== 401) opened.push(`${how}: ${method} ${path}: ${answer.status}`)
    }
  }
  await jwks.stop(true)
  expect(opened).toEqual([])
  expect((await as(bearer(good), manifest)).status).toBe(200)
})

test('ten thousand guesses are ten tries, and nobody else notices', async () => {
  const statuses = new Map<number, number>()
  let guess = 0
  const guesser = async () => {
    while (guess < 10_000) {
      guess += 1
      const answer = await as(basic({ name: 'bob', password: `guess-${guess}` }), `${url}/v2/`)
      await answer.bytes()
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
  }
  await Promise.all(Array.from({ length: 16 }, guesser))
  expect(statuses.get(401)).toBe(10)
  expect((statuses.get(429) ?? 0) + 10).toBeGreaterThanOrEqual(10_000)
  const refused = await as(basic(closed.bob), `${url}/v2/`)
  expect([refused.status, await refused.json()]).toMatchObject([
    429,
    { errors: [{ code: 'TOOMANYREQUESTS' }] },
  ])
  expect((await as(basic(closed.alice), `${url}/v2/`)).status).toBe(200)
})

describe('the token endpoint fails at nothing that is sent to it', () => {
  const text = () =>
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('password', 'refresh_token', 'true', 'alice'))
  const names = [
    'grant_type',
    'service',
    'scope',
    'username',
    'password',
    'refresh_token',
    'access_type',
    'offline_token',
  ]
  const pairs = fc.array(fc.tuple(fc.constantFrom(...names), text()), { maxLength: 12 })
  const query = (given: [string, string][]) =>
    given.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&')

  test('in a query', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async (given) => {
        expect((await fetch(`${url}/v2/token?${query(given)}`)).status).toBeLessThan(500)
      }),
    )
  })

  test('in a form', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    await fc.assert(
      fc.asyncProperty(pairs, async (given) => {
        const answer = await fetch(`${url}/v2/token`, { method: 'POST', body: query(given), headers })
        expect(answer.status).toBeLessThan(500)
      }),
    )
  })

  test('in a body of any bytes, or in a header', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const body = new Uint8Array(bytes)
        expect((await fetch(`${url}/v2/token`, { method: 'POST', body, headers })).status).toBeLessThan(500)
        const authorization = `Basic ${Buffer.from(bytes).toString('base64')}`
        expect((await as(authorization, `${url}/v2/token`)).status).toBeLessThan(500)
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    ['POST', 'application/json', '{}', 415],
    ['POST', 'application/x-www-form-urlencoded', `scope=${'x'.repeat(70_000)}`, 413],
    ['POST', 'application/x-www-form-urlencoded', 'grant_type=password&username=%00&password=%00', 401],
    ['PUT', 'text/plain', '', 405],
    ['DELETE', 'text/plain', '', 405],
  ])('a %s of %s is refused', async (method, type, body, status) => {
    const answer = await fetch(`${url}/v2/token`, { method, body, headers: { 'Content-Type': type } })
    expect(answer.status).toBe(status)
  })

  test('a token for very many scopes is refused or small enough to be sent', async () => {
    const scopes = Array.from(
      { length: 200 },
      (_, index) => `repository:alice/${'x'.repeat(200)}${index}:pull,push`,
    )
    const body = new URLSearchParams({
      grant_type: 'password',
      username: 'alice',
      password: closed.alice.password,
      scope: scopes.join(' '),
    })
    const answer = await fetch(`${url}/v2/token`, { method: 'POST', body })
    expect(answer.status).toBe(400)
  })
})
