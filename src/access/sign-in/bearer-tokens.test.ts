import { beforeEach, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import type { StoredSigningKey } from '../../metadata/metadata-store.ts'
import { type BearerClaims, BearerTokens } from './bearer-tokens.ts'
import { makeSigningKey, type NewSigningKey, SigningKeys } from './signing-keys.ts'

const claims: BearerClaims = {
  holder: { kind: 'user', id: 'u1', name: 'alice', generation: 3 },
  access: parse('team/app'),
}

function parse(name: string): BearerClaims['access'] {
  return [{ type: 'repository', name, actions: ['pull'] }]
}

let now: number
let stored: StoredSigningKey[]
let keys: SigningKeys
let tokens: BearerTokens

/** As another process of the same registry has them, with nothing remembered. */
const elsewhere = (changes: Partial<{ issuer: string; audience: string }> = {}) =>
  new BearerTokens({
    keys: new SigningKeys(store, () => now),
    issuer: 'https://registry.test',
    audience: 'registry.test',
    lifetime: 300,
    now: () => now,
    ...changes,
  })

const store = {
  list: async () => stored,
  async addFirst(key: NewSigningKey) {
    stored.push({ ...key, createdAt: now, retiredAt: undefined })
  },
}

beforeEach(() => {
  now = Date.UTC(2026, 0, 2)
  stored = []
  keys = new SigningKeys(store, () => now)
  tokens = new BearerTokens({
    keys,
    issuer: 'https://registry.test',
    audience: 'registry.test',
    lifetime: 300,
    now: () => now,
  })
})

const part = (object: object) => Buffer.from(JSON.stringify(object)).toString('base64url')
const decoded = (text = '') =>
  JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>

describe('a token', () => {
  test('holds for who got it until it expires, in every process', async () => {
    const { token, expiresIn } = await tokens.issue(claims)
    expect(expiresIn).toBe(300)
    expect(await tokens.verify(token)).toEqual(claims)
    expect(await elsewhere().verify(token)).toEqual(claims)
    expect(tokens.recall(token)).toEqual(claims)
    now += 299_000
    expect(await elsewhere().verify(token)).toEqual(claims)
    now += 10_000
    expect(tokens.recall(token)).toBeUndefined()
    expect(await tokens.verify(token)).toBeUndefined()
    expect(await elsewhere().verify(token)).toBeUndefined()
  })

  test('is not known before it was verified', async () => {
    const { token } = await tokens.issue(claims)
    expect(tokens.recall(token)).toBeUndefined()
  })

  test('says who gave it, for whom and when', async () => {
    const { token } = await tokens.issue(claims)
    const [header, payload] = token.split('.').slice(0, 2).map(decoded)
    expect(header).toEqual({ alg: 'ES256', typ: 'JWT', kid: stored[0]?.kid })
    expect(payload).toMatchObject({
      iss: 'https://registry.test',
      aud: 'registry.test',
      sub: 'alice',
      iat: now / 1000,
      nbf: now / 1000,
      exp: now / 1000 + 300,
      jti: expect.stringMatching(/^[\w-]{16}$/),
      access: [{ type: 'repository', name: 'team/app', actions: ['pull'] }],
    })
  })

  test('does not hold before its time', async () => {
    const { token } = await tokens.issue(claims)
    now -= 60_000
    expect(await elsewhere().verify(token)).toBeUndefined()
  })

  test('for another registry, or of another one, is none', async () => {
    expect(
      await elsewhere().verify((await elsewhere({ audience: 'other.test' }).issue(claims)).token),
    ).toBeUndefined()
    expect(
      await elsewhere().verify((await elsewhere({ issuer: 'https://other.test' }).issue(claims)).token),
    ).toBeUndefined()
  })
})

describe('a forged token is none:', () => {
  /** The parts of a good token, and the key it names. */
  async function good() {
    const { token } = await tokens.issue(claims)
    const [header = '', payload = '', signature = ''] = token.split('.')
    return { header: decoded(header), payload: decoded(payload), parts: { header, payload, signature } }
  }

  const refused = async (token: string) => {
    expect(await tokens.verify(token)).toBeUndefined()
    expect(await elsewhere().verify(token)).toBeUndefined()
    expect(tokens.recall(token)).toBeUndefined()
  }

  test('without a signature, whatever it calls that', async () => {
    const { header, parts } = await good()
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      await refused(`${part({ ...header, alg })}.${parts.payload}.`)
      await refused(`${part({ ...header, alg })}.${parts.payload}.${parts.signature}`)
    }
    await refused(`${parts.header}.${parts.payload}.`)
    await refused(`${parts.header}.${parts.payload}`)
  })

  test('signed by HMAC with the public key as its secret', async () => {
    const { header, parts } = await good()
    const jwk = JSON.parse(stored[0]?.publicJwk ?? '') as JWK
    const key = (await importJWK(jwk, 'ES256', { extractable: true })) as CryptoKey
    for (const secret of [
      await exportSPKI(key),
      JSON.stringify(jwk),
      stored[0]?.publicJwk ?? '',
      jwk.x ?? '',
    ]) {
      const signed = `${part({ ...header, alg: 'HS256' })}.${parts.payload}`
      await refused(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`)
    }
  })

  test('signed by a key of the forger: under its name, in it, behind an address', async () => {
    const { header, payload } = await good()
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    const sign = (more: Record<string, unknown>) =>
      new SignJWT(payload).setProtectedHeader({ ...header, alg: 'ES256', ...more } as never).sign(privateKey)
    await refused(await sign({}))
    await refused(await sign({ jwk }))
    await refused(await sign({ jwk, kid: undefined }))
    await refused(await sign({ jku: 'http://127.0.0.1:9/jwks.json', kid: 'theirs' }))
    await refused(await sign({ x5u: 'http://127.0.0.1:9/cert', x5c: ['AAAA'], kid: 'theirs' }))
    for (const kid of [
      '../../../../dev/null',
      '/etc/passwd',
      '',
      "' or 1=1 --",
      '__proto__',
      'constructor',
      '\0',
    ])
      await refused(await sign({ kid }))
  })

  test('changed after it was signed', async () => {
    const { parts, payload } = await good()
    const more = [
      { access: parse('other/app') },
      { exp: 4_000_000_000 },
      { berth: { kind: 'user', id: 'u2', name: 'bob', generation: 1 } },
    ]
    for (const change of more)
      await refused(`${parts.header}.${part({ ...payload, ...change })}.${parts.signature}`)
  })

  test('signed by the right key with another algorithm, or with a demand that nobody knows', async () => {
    const { header, payload } = await good()
    const key = await importJWK(JSON.parse(stored[0]?.privateJwk ?? '') as JWK, 'ES256')
    await refused(
      await new SignJWT(payload)
        .setProtectedHeader({ ...header, alg: 'ES256', crit: ['novelty'], novelty: 1 } as never)
        .sign(key, { crit: { novelty: true } }),
    )
    const rsa = await generateKeyPair('RS256')
    await refused(
      await new SignJWT(payload)
        .setProtectedHeader({ ...header, alg: 'RS256' } as never)
        .sign(rsa.privateKey),
    )
  })

  test('without what every token says', async () => {
    const { header, payload } = await good()
    const key = await importJWK(JSON.parse(stored[0]?.privateJwk ?? '') as JWK, 'ES256')
    for (const claim of ['exp', 'nbf', 'iat', 'jti', 'iss', 'aud', 'sub']) {
      const { [claim]: _, ...others } = payload
      await refused(await new SignJWT(others).setProtectedHeader(header as never).sign(key))
    }
  })

  test('larger than any', async () => {
    const { parts } = await good()
    await refused(`${parts.header}.${parts.payload}${'A'.repeat(100_000)}.${parts.signature}`)
  })

  test.each([
    '',
    '.',
    '..',
    '...',
    'a.b.c',
    'eyJhbGciOiJFUzI1NiJ9..',
    'null.null.null',
    '\u{1f4a9}.x.y',
    'e30.e30.e30',
  ])('like %p', async (text) => {
    await refused(text)
  })
})

describe('keys', () => {
  test('the first is made once, and then the newest signs', async () => {
    const first = (await keys.signer()).kid
    expect((await keys.signer()).kid).toBe(first)
    now += 60_000
    await store.addFirst(await makeSigningKey())
    now += 60_000
    expect((await keys.signer()).kid).not.toBe(first)
    expect((await keys.published()).keys.map(({ kid }) => kid)).toEqual(stored.map(({ kid }) => kid))
  })

  test('what another process signed with a new key is good at once', async () => {
    await tokens.issue(claims)
    now += 1000
    await store.addFirst(await makeSigningKey())
    const { token } = await elsewhere().issue(claims)
    expect(decoded(token.split('.')[0]).kid).toBe(stored[1]?.kid ?? '')
    expect(await tokens.verify(token)).toEqual(claims)
  })

  test('a retired one signs nothing more, and what it signed holds', async () => {
    const { token } = await tokens.issue(claims)
    const first = stored[0] as StoredSigningKey
    stored = [{ ...first, retiredAt: now }]
    now += 10_000
    expect((await keys.signer()).kid).not.toBe(first.kid)
    expect(await tokens.verify(token)).toEqual(claims)
  })

  test('one that was removed ends its tokens, remembered or not', async () => {
    const { token } = await tokens.issue(claims)
    expect(await tokens.verify(token)).toEqual(claims)
    stored = []
    now += 5000
    expect(tokens.recall(token)).toBeUndefined()
    expect(await tokens.verify(token)).toBeUndefined()
  })

  test('what is published holds no private part', async () => {
    for (const key of (await keys.published()).keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    }
  })
})
