import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createPublicKey } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'
import { memoryRegistry } from '../../../test/support/memory-registry.ts'
import { audience, type OidcIssuer, startOidcIssuer } from '../../../test/support/oidc-issuer.ts'
import {
  githubClaims,
  makeRobot,
  makeTrust,
  openWorkloadSignIn,
  outcomeOf,
} from '../../../test/support/workload.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { WorkloadSignIn } from './workload-sign-in.ts'

let metadata: MetadataStore
let issuer: OidcIssuer
/** Another that the robot trusts too, and one that nobody does. */
let second: OidcIssuer
let stranger: OidcIssuer
let signIn: WorkloadSignIn

beforeAll(async () => {
  metadata = (await memoryRegistry()).metadata
  ;[issuer, second, stranger] = await Promise.all([startOidcIssuer(), startOidcIssuer(), startOidcIssuer()])
  const robot = await makeRobot(metadata)
  await makeTrust(metadata, robot, {
    issuer: issuer.url,
    claims: { repository: 'acme/app', ref: 'refs/heads/*' },
  })
  await makeTrust(metadata, robot, { issuer: second.url, claims: { repository: 'acme/second' } })
})
afterAll(async () => {
  for (const one of [issuer, second, stranger]) await one?.[Symbol.asyncDispose]()
  await metadata.close()
})

let address = 0

/** From an address of its own, so that one attack is not the limit of the next. */
function attempt(token: string, name = 'acme+deploy'): Promise<string> {
  address += 1
  signIn ??= openWorkloadSignIn(metadata, [issuer.url, second.url, stranger.url])
  return outcomeOf(signIn.exchange({ name, token, address: `192.0.2.${address}` }))
}

const seconds = () => Math.floor(Date.now() / 1000)

/** As the issuer's own, but for what is changed. */
async function forge(
  changed: {
    header?: Partial<JWTHeaderParameters>
    payload?: object
    key?: CryptoKey | Uint8Array | JWK
  } = {},
): Promise<string> {
  const [own] = issuer.keys
  const header = { alg: 'RS256', typ: 'JWT', ...(own?.kid && { kid: own.kid }), ...changed.header }
  const payload = {
    ...githubClaims,
    iss: issuer.url,
    aud: audience,
    iat: seconds(),
    exp: seconds() + 300,
    jti: crypto.randomUUID(),
    ...changed.payload,
  }
  const { key = own } = changed
  const signer = key && 'kty' in key ? await importJWK(key as JWK, header.alg) : (key as CryptoKey)
  return new SignJWT(payload).setProtectedHeader(header).sign(signer, { crit: { x: true } })
}

test('the forger’s tools make tokens that are taken, where nothing is forged', async () => {
  expect(await attempt(await forge())).toBe('in')
})

describe('a token that was signed by the issuer', () => {
  const generic = 'UNAUTHORIZED: no trust takes this workload token for "acme+deploy"'
  test.each<[string, object, string]>([
    ['for another repository', { repository: 'evil/app' }, generic],
    ['for a repository in other letters', { repository: 'Acme/App' }, generic],
    ['for a repository among others', { repository: ['evil/app', { repository: 'acme/app' }] }, generic],
    ['without a repository', { repository: null }, generic],
    ['for another ref', { ref: 'refs/tags/v1' }, 'ref must be "refs/heads/*", and is "refs/tags/v1"'],
    ['for a ref across slashes', { ref: 'refs/heads/a/b' }, 'ref must be "refs/heads/*"'],
    [
      'for another audience',
      { aud: 'https://other.example' },
      `aud must be "${audience}", and is "https://other`,
    ],
    ['for an audience that begins so', { aud: `${audience}/` }, `aud must be "${audience}"`],
    ['for several other audiences', { aud: ['a', 'b'] }, 'aud must be'],
    ['for an audience that is none', { aud: { url: audience } }, 'whom it is for (aud)'],
    ['by another name of its issuer', { iss: 'https://other.example' }, generic],
    ['by no issuer', { iss: null }, 'does not say who gave it'],
    ['that expired', { exp: seconds() - 35 }, 'seconds ago: ask for a new one'],
    ['that never ends', { exp: null }, 'it has no time at which it ends'],
    ['that ends at no time', { exp: 'tomorrow' }, 'it has no time at which it ends'],
    ['that ends after days', { exp: seconds() + 90_000 }, 'good for more than a day'],
    ['from long ago', { iat: seconds() - 90_000 }, 'good for more than a day'],
    ['of the future', { nbf: seconds() + 3600 }, 'seconds (nbf): one of two clocks is wrong'],
    ['made in the future', { iat: seconds() + 3600 }, 'seconds (iat): one of two clocks is wrong'],
    ['from no time', { nbf: 'now' }, 'its nbf is no time'],
  ])('%s is refused', async (_, changed, words) => {
    expect(await attempt(await issuer.token({ ...githubClaims, ...changed }))).toContain(words)
  })

  test('for several audiences is taken where one is ours', async () => {
    expect(await attempt(await issuer.token({ ...githubClaims, aud: ['other', audience] }))).toBe('in')
  })

  test('for no audience is refused', async () => {
    for (const aud of [undefined, null, [null]])
      expect(await attempt(await forge({ payload: { aud } }))).toContain('whom it is for (aud)')
  })

  test('with its issuer’s name spelled in another way is refused', async () => {
    for (const iss of [`${issuer.url}/`, issuer.url.replace('http', 'HTTP'), `${issuer.url}/x/..`])
      expect(await attempt(await forge({ payload: { iss } }))).toContain(generic)
  })

  test('within the tolerance of two clocks is taken', async () => {
    expect(await attempt(await forge({ payload: { nbf: seconds() + 20, iat: seconds() + 20 } }))).toBe('in')
    expect(await attempt(await forge({ payload: { exp: seconds() - 10 } }))).toBe('in')
  })
})

describe('a token that was not signed by the issuer', () => {
  const refused = 'no trust takes this workload token'

  test('but by nobody, is refused', async () => {
    const [, payload] = (await forge()).split('.')
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')
      expect(await attempt(`${header}.${payload}.`)).toContain('which is not taken')
    }
  })

  test('but with the issuer’s public key as a shared secret, is refused', async () => {
    const jwk = issuer.keys[0] as JWK
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string
    const secret = new TextEncoder().encode(pem)
    expect(await attempt(await forge({ header: { alg: 'HS256' }, key: secret }))).toContain(
      '"HS256", which is not',
    )
  })

  test('but with a key that it brings along or points at, is refused', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'mine', use: 'sig', alg: 'RS256' }
    let fetched = 0
    const host = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch() {
        fetched += 1
        return Response.json({ keys: [jwk] })
      },
    })
    for (const header of [
      { jwk },
      { jku: host.url.href, kid: 'mine' },
      { x5u: host.url.href, kid: 'mine' },
      { kid: '../../../../dev/null' },
      { kid: host.url.href },
      { kid: "' or 1=1 --" },
      { kid: undefined },
    ])
      expect(await attempt(await forge({ header: header as object, key: privateKey }))).toContain(refused)
    expect(fetched).toBe(0)
    await host.stop(true)
  })

  test('but by another issuer that the robot trusts, is refused', async () => {
    const key = second.keys[0] as JWK
    for (const kid of [key.kid, issuer.keys[0]?.kid])
      expect(await attempt(await forge({ header: { kid } as object, key }))).toContain(refused)
    const crossed = { ...githubClaims, repository: 'acme/app' }
    expect(await attempt(await second.token(crossed))).toContain(refused)
    expect(await attempt(await second.token({ ...crossed, repository: 'acme/second' }))).toBe('in')
  })

  test('but by an issuer that nobody trusts, is refused, and that one is not asked', async () => {
    expect(await attempt(await stranger.token(githubClaims))).toContain(refused)
    expect(stranger.asked).not.toContain('/jwks')
  })

  test('or changed after it was, is refused', async () => {
    const [header, payload = '', signature] = (await forge()).split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const changed = Buffer.from(JSON.stringify({ ...claims, actor: 'mallory' })).toString('base64url')
    expect(await attempt(`${header}.${changed}.${signature}`)).toContain(refused)
  })

  test.each([
    ['', 'is no signed JWT'],
    ['eyJ', 'is no signed JWT'],
    ['eyJhbGciOiJSUzI1NiJ9.e30.', 'does not say who gave it'],
    ['eyJhbGciOiJSUzI1NiJ9.bm9wZQ.AAAA', 'is no signed JWT'],
    ['eyJub3BlIjoxfQ.e30.AAAA', 'which is not taken'],
    ['eyJh.e30.AAAA', 'is no signed JWT'],
    [`eyJhbGciOiJSUzI1NiJ9.${'A'.repeat(9000)}.AAAA`, 'is no signed JWT'],
  ])('nor is a token at all, %#, is refused', async (token, words) => {
    expect(await attempt(token)).toContain(words)
  })

  test('or is one for something else, is refused', async () => {
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt'])
      expect(await attempt(await forge({ header: { typ } }))).toContain('no token of a job')
    expect(await attempt(await forge({ header: { crit: ['x'], x: 1 } }))).toContain(refused)
  })
})

test('which robots there are, and whom they trust, nobody hears', async () => {
  const robots = [
    'acme+deploy',
    'acme+absent',
    'absent+deploy',
    'acme',
    'acme+',
    '+',
    'a+b+c',
    'é+\u0000',
    'x'.repeat(500),
  ]
  const answers = new Set<string>()
  for (const name of robots) {
    const said = await attempt(await issuer.token({ ...githubClaims, repository: 'evil/app' }), name)
    answers.add(said.replace(JSON.stringify(name.slice(0, 130)), 'ROBOT'))
  }
  expect(answers.size).toBe(1)
  for (const { url } of [issuer, second]) expect([...answers][0]?.replace(issuer.url, '')).not.toContain(url)
  expect([...answers][0]).not.toMatch(/repository|refs.heads.\*/)
})

test('tokens that are no good are bounded by where they come from, and the good ones of others are not', async () => {
  const then = Date.now()
  const limited = openWorkloadSignIn(metadata, [issuer.url], () => then)
  const bad = await issuer.token({ ...githubClaims, repository: 'evil/app' })
  const from = (token: string, address: string) =>
    outcomeOf(limited.exchange({ name: 'acme+deploy', token, address }))
  for (let at = 0; at < 100; at += 1) expect(await from(bad, '203.0.113.1')).toStartWith('UNAUTHORIZED')
  expect(await from(bad, '203.0.113.1')).toStartWith('TOO_MANY_REQUESTS')
  expect(await from(await issuer.token(githubClaims), '203.0.113.1')).toStartWith('TOO_MANY_REQUESTS')
  expect(await from(await issuer.token(githubClaims), '203.0.113.2')).toBe('in')
})
