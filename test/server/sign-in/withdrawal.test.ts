import { afterEach, beforeEach, expect, test } from 'bun:test'
import { importJWK, type JWK, jwtVerify } from 'jose'
import { makeAccessToken } from '../../support/accounts.ts'
import { berthExecutable } from '../../support/berth.ts'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import { run } from '../../support/command.ts'
import { metadataOf } from '../../support/metadata.ts'

let closed: ClosedRegistry
let manifest: string
beforeEach(async () => {
  closed = await startClosedRegistry()
  manifest = `${closed.url}/v2/alice/private/manifests/latest`
})
afterEach(() => closed[Symbol.asyncDispose]())

const scope = 'repository:alice/private:pull'
const status = async (authorization: string, url = manifest) => (await as(authorization, url)).status
const hash = (password: string) =>
  Bun.password.hash(password, { algorithm: 'argon2id', memoryCost: 64, timeCost: 1 })

async function refreshTokenOf(authorization: string): Promise<string> {
  const answer = await as(authorization, `${closed.url}/v2/token?offline_token=true`)
  return ((await answer.json()) as { refresh_token: string }).refresh_token
}

async function refreshed(refresh_token: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, scope })
  return (await fetch(`${closed.url}/v2/token`, { method: 'POST', body })).status
}

test('a grant that is taken back ends with the next request, whatever the token says', async () => {
  const grant = {
    subject: closed.bob.id,
    subjectKind: 'user',
    resourceKind: 'repository',
    resource: 'alice/private',
  } as const
  await closed.metadata.change('setGrant', { ...grant, role: 'read' })
  const token = bearer(await closed.token(basic(closed.bob), scope))
  expect(await status(token)).toBe(200)
  await closed.metadata.change('setGrant', { ...grant, role: null })
  expect(await status(token)).toBe(404)
})

test('a changed password ends tokens, refresh tokens and what was remembered of the old one', async () => {
  const old = basic(closed.alice)
  const token = bearer(await closed.token(old, scope))
  const refresh = await refreshTokenOf(old)
  expect([await status(token), await status(old), await refreshed(refresh)]).toEqual([200, 200, 200])
  await closed.metadata.change('setPassword', { id: closed.alice.id, hash: await hash('other-lantern') })
  expect([await status(token), await status(old), await refreshed(refresh)]).toEqual([401, 401, 401])
  const challenge = (await as(token, manifest)).headers.get('www-authenticate')
  expect(challenge).toContain('error="invalid_token"')
  expect(await status(basic({ name: 'alice', password: 'other-lantern' }))).toBe(200)
})

test('a disabled user has nothing that works any more', async () => {
  const password = basic(closed.alice)
  const token = bearer(await closed.token(password, scope))
  const refresh = await refreshTokenOf(password)
  const { secret } = await makeAccessToken(closed.metadata, closed.alice.id)
  await closed.metadata.change('setUser', { id: closed.alice.id, disabled: true })
  expect([
    await status(token),
    await status(password),
    await status(bearer(secret)),
    await refreshed(refresh),
  ]).toEqual([401, 401, 401, 401])
})

test('a revoked access token takes the tokens with it that it bought', async () => {
  const { id, secret } = await makeAccessToken(closed.metadata, closed.alice.id)
  const login = basic({ name: 'alice', password: secret })
  const token = bearer(await closed.token(login, scope))
  const refresh = await refreshTokenOf(login)
  expect([await status(token), await status(login), await refreshed(refresh)]).toEqual([200, 200, 200])
  await closed.metadata.change('deleteAccessToken', { id })
  expect([await status(token), await status(login), await refreshed(refresh)]).toEqual([401, 401, 401])
})

test('a deleted user is gone with his tokens', async () => {
  const token = bearer(await closed.token(basic(closed.bob), 'repository:bob/private:pull'))
  await closed.metadata.change('deleteUser', { id: closed.bob.id })
  expect(await status(token, `${closed.url}/v2/bob/private/manifests/latest`)).toBe(401)
})

test('keys are published, rotated without signing anybody out, and removed with what they signed', async () => {
  const env = await metadataOf(closed.berth.data)
  const berth = (...args: string[]) =>
    run(berthExecutable, ['signing-key', ...args, '--data', closed.berth.data, '--output', 'json'], { env })
  const published = async () =>
    (
      (await (await fetch(`${closed.url}/.well-known/jwks.json`)).json()) as {
        keys: (JWK & { kid: string })[]
      }
    ).keys
  const text = await closed.token(basic(closed.alice), scope)
  const [first] = await published()
  const { payload } = await jwtVerify(text, await importJWK(first as JWK, 'ES256'), { audience: 'berth' })
  expect(payload.sub).toBe('alice')

  const rotated = JSON.parse(await berth('rotate')) as { kid: string; retired: number }
  expect(rotated.retired).toBe(1)
  const deadline = Date.now() + 10_000
  let next = text
  while (
    !next.startsWith(
      Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: rotated.kid })).toString('base64url'),
    )
  ) {
    expect(Date.now()).toBeLessThan(deadline)
    await Bun.sleep(200)
    next = await closed.token(basic(closed.alice), scope)
  }
  expect([await status(bearer(text)), await status(bearer(next))]).toEqual([200, 200])
  expect((await published()).map(({ kid }) => kid).sort()).toEqual([first?.kid ?? '', rotated.kid].sort())

  await berth('remove', first?.kid ?? '')
  while ((await status(bearer(text))) !== 401) {
    expect(Date.now()).toBeLessThan(deadline + 10_000)
    await Bun.sleep(200)
  }
  expect(await status(bearer(next))).toBe(200)
  const { keys } = JSON.parse(await berth('list')) as { keys: { kid: string; retired: string | null }[] }
  expect(keys).toMatchObject([{ kid: rotated.kid, retired: null }])
}, 40_000)
