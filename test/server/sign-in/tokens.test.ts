import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { makeAccessToken } from '../../support/accounts.ts'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import { pushImage } from '../../support/push.ts'

let closed: ClosedRegistry
let url: string
beforeAll(async () => {
  closed = await startClosedRegistry()
  url = closed.url
})
afterAll(() => closed[Symbol.asyncDispose]())

interface Granted {
  token: string
  access_token: string
  expires_in: number
  issued_at: string
  scope: string
  refresh_token?: string
}

async function ask(
  authorization: string | undefined,
  query: string,
): Promise<{ status: number; body: Granted }> {
  const answer = await as(authorization, `${url}/v2/token?${query}`)
  return { status: answer.status, body: (await answer.json()) as Granted }
}

async function post(form: Record<string, string>): Promise<{ status: number; body: Granted }> {
  const answer = await fetch(`${url}/v2/token`, { method: 'POST', body: new URLSearchParams(form) })
  return { status: answer.status, body: (await answer.json()) as Granted }
}

const manifest = (repository: string) => `${url}/v2/${repository}/manifests/latest`
const status = async (authorization: string | undefined, target: string, method = 'GET') =>
  (await as(authorization, target, { method })).status

describe('a token', () => {
  test('is given for the scopes that are asked and allowed, whichever way they come', async () => {
    const alice = basic(closed.alice)
    const wanted = 'repository:alice/private:pull,push'
    for (const query of [
      `service=berth&scope=${wanted}&scope=repository:bob/private:pull&scope=repository:alice/public:pull`,
      `service=berth&scope=${wanted}%20repository:bob/private:pull%20repository:alice/public:pull`,
      `scope=${wanted}+repository:alice/public:pull,delete,fly&scope=garbage`,
    ]) {
      const { status, body } = await ask(alice, query)
      expect([status, body.token]).toEqual([200, body.access_token])
      expect(body.scope).toStartWith(`${wanted} repository:alice/public:pull`)
      expect(body.scope).not.toContain('bob')
      expect(body.expires_in).toBe(300)
      expect(Math.abs(Date.parse(body.issued_at) - Date.now())).toBeLessThan(10_000)
      expect(body.refresh_token).toBeUndefined()
    }
  })

  test('for everything in a repository is for all that its holder may there', async () => {
    expect((await ask(basic(closed.alice), 'scope=repository:alice/private:*')).body.scope).toBe(
      'repository:alice/private:pull,push,delete',
    )
    expect((await ask(basic(closed.bob), 'scope=repository:alice/public:*')).body.scope).toBe(
      'repository:alice/public:pull',
    )
    expect((await ask(basic(closed.bob), 'scope=repository:alice/private:*')).body.scope).toBe('')
  })

  test('of nobody reads what is public, and pings', async () => {
    const { body } = await ask(
      undefined,
      'scope=repository:alice/public:pull,push&scope=repository:alice/private:pull',
    )
    expect(body.scope).toBe('repository:alice/public:pull')
    const anonymous = bearer(body.token)
    expect(await status(anonymous, manifest('alice/public'))).toBe(200)
    expect(await status(anonymous, manifest('alice/private'))).toBe(401)
    expect(await status(anonymous, `${url}/v2/alice/public/blobs/uploads/`, 'POST')).toBe(401)
  })

  test('without any scope pings: that is how docker logs in', async () => {
    const { body } = await ask(basic(closed.alice), 'account=alice&client_id=docker&service=berth')
    expect(await status(bearer(body.token), `${url}/v2/`)).toBe(200)
    expect(await status(bearer(body.token), manifest('alice/private'))).toBe(401)
  })

  test('for one repository is not enough for another, and says so', async () => {
    const token = bearer(await closed.token(basic(closed.alice), 'repository:alice/public:pull'))
    const answer = await as(token, manifest('alice/private'))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${url}/v2/token",service="berth",scope="repository:alice/private:pull",error="insufficient_scope"`,
    )
  })

  test('to pull does not push or delete, and one to push does not list', async () => {
    const pull = bearer(await closed.token(basic(closed.alice), 'repository:alice/private:pull'))
    expect(await status(pull, manifest('alice/private'))).toBe(200)
    expect(await status(pull, `${url}/v2/alice/private/blobs/uploads/`, 'POST')).toBe(401)
    expect(await status(pull, manifest('alice/private'), 'DELETE')).toBe(401)
    expect(await status(pull, `${url}/v2/_catalog`)).toBe(401)
  })

  test('for the catalog lists it, and one for the search searches', async () => {
    const catalog = bearer(await closed.token(basic(closed.alice), 'registry:catalog:*'))
    expect(await (await as(catalog, `${url}/v2/_catalog`)).json()).toEqual({
      repositories: ['alice/private', 'alice/public'],
    })
    const search = bearer(await closed.token(basic(closed.alice), 'registry:catalog:search'))
    const found = (await (await as(search, `${url}/v1/search?q=private`)).json()) as {
      results: { name: string }[]
    }
    expect(found.results.map(({ name }) => name)).toEqual(['alice/private'])
    expect(await status(search, `${url}/v2/_catalog`)).toBe(401)
  })

  test('of nobody for the catalog lists what is public, and searches it', async () => {
    const { body } = await ask(undefined, 'scope=registry:catalog:*')
    expect(body.scope).toBe('registry:catalog:*')
    const anonymous = bearer(body.token)
    expect(await (await as(anonymous, `${url}/v2/_catalog`)).json()).toEqual({
      repositories: ['alice/public'],
    })
    const search = bearer(await closed.token(undefined, 'registry:catalog:search'))
    for (const token of [undefined, anonymous, search]) {
      const found = (await (await as(token, `${url}/v1/search?q=alice`)).json()) as {
        results: { name: string }[]
      }
      expect(found.results.map(({ name }) => name)).toEqual(['alice/public'])
    }
    expect(await status(undefined, `${url}/v2/_catalog`)).toBe(401)
    expect(await status(search, `${url}/v2/_catalog`)).toBe(401)
    expect(await status(anonymous, manifest('alice/public'))).toBe(401)
  })

  test('buys no other token', async () => {
    const token = await closed.token(basic(closed.alice), 'repository:alice/private:pull')
    expect((await ask(bearer(token), 'scope=repository:alice/private:pull')).status).toBe(401)
  })

  test('is not given for wrong credentials, nor for another service', async () => {
    const wrong = await as(basic({ name: 'alice', password: 'wrong' }), `${url}/v2/token`)
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Berth"'])
    const other = await ask(basic(closed.alice), 'service=other.test')
    expect([other.status, JSON.stringify(other.body)]).toEqual([
      400,
      expect.stringContaining('for the service berth'),
    ])
    expect((await ask(basic(closed.alice), 'service=berth')).status).toBe(200)
  })

  test('mounts only from where it may read: else it is an ordinary upload', async () => {
    const { url } = closed
    const { digest } = await pushImage(
      { url, repository: 'alice/source', authorization: basic(closed.alice) },
      { content: 'mounted' },
    )
    const image = (await (
      await as(basic(closed.alice), `${url}/v2/alice/source/manifests/${digest}`)
    ).json()) as {
      layers: { digest: string }[]
    }
    const mount = async (token: string, from = '&from=alice/source') => {
      const target = `${url}/v2/alice/target${crypto.randomUUID()}/blobs/uploads/?mount=${image.layers[0]?.digest}${from}`
      const scoped = bearer(
        await closed.token(token, `repository:${target.split('/v2/')[1]?.split('/blobs')[0]}:pull,push`),
      )
      return status(scoped, target, 'POST')
    }
    expect(await mount(basic(closed.alice))).toBe(202)
    expect(await mount(basic(closed.alice), '')).toBe(202)
    const both = bearer(
      await closed.token(
        basic(closed.alice),
        'repository:alice/target:pull,push',
        'repository:alice/source:pull',
      ),
    )
    const target = `${url}/v2/alice/target/blobs/uploads/?mount=${image.layers[0]?.digest}&from=alice/source`
    expect(await status(both, target, 'POST')).toBe(201)
  })
})

describe('as OAuth2 has it', () => {
  const password = () => ({ grant_type: 'password', username: 'alice', password: closed.alice.password })

  test('a token is given for a password', async () => {
    const scope = 'repository:alice/private:pull'
    const { status: code, body } = await post({ ...password(), client_id: 'docker', service: 'berth', scope })
    expect([code, body.scope, body.refresh_token]).toEqual([200, scope, undefined])
    expect(await status(bearer(body.access_token), manifest('alice/private'))).toBe(200)
  })

  test('a refresh token comes where it is asked for, and buys tokens again and again', async () => {
    const { body } = await post({ ...password(), access_type: 'offline' })
    const scope = 'repository:alice/private:pull'
    for (let time = 0; time < 3; time += 1) {
      const refreshed = await post({
        grant_type: 'refresh_token',
        refresh_token: body.refresh_token ?? '',
        scope,
      })
      expect([refreshed.status, refreshed.body.refresh_token]).toEqual([200, body.refresh_token])
      expect(await status(bearer(refreshed.body.access_token), manifest('alice/private'))).toBe(200)
    }
    expect((await ask(basic(closed.alice), 'offline_token=true')).body.refresh_token).toStartWith(
      'berth_refresh_',
    )
    expect((await ask(undefined, 'offline_token=true')).body.refresh_token).toBeUndefined()
  })

  test.each([
    [{ grant_type: '' }, 400],
    [{ grant_type: 'authorization_code' }, 400],
    [{ grant_type: 'password' }, 400],
    [{ grant_type: 'password', username: 'alice', password: 'wrong' }, 401],
    [{ grant_type: 'refresh_token' }, 400],
    [{ grant_type: 'refresh_token', refresh_token: 'berth_refresh_x' }, 401],
    [{ grant_type: 'refresh_token', refresh_token: '' }, 401],
  ])('%j is answered with %d', async (form, expected) => {
    expect((await post(form as Record<string, string>)).status).toBe(expected)
  })
})

describe('an access token', () => {
  test('is a password, and its scopes bound what it gets', async () => {
    const scopes = [{ type: 'repository', name: 'alice/pri*', actions: ['pull'] }]
    const { secret } = await makeAccessToken(closed.metadata, closed.alice.id, { scopes })
    const narrow = basic({ name: 'alice', password: secret })
    const { body } = await ask(
      narrow,
      'scope=repository:alice/private:pull,push&scope=repository:alice/public:push',
    )
    expect(body.scope).toBe('repository:alice/private:pull')
    expect(await status(bearer(body.token), manifest('alice/private'))).toBe(200)
    expect(await status(narrow, manifest('alice/private'))).toBe(200)
    expect(await status(narrow, `${url}/v2/alice/private/blobs/uploads/`, 'POST')).toBe(401)
    expect(await status(bearer(secret), manifest('alice/private'))).toBe(200)
  })

  test('is good until it expires, and from its addresses', async () => {
    const login = async (limits: Parameters<typeof makeAccessToken>[2]) => {
      const { secret } = await makeAccessToken(closed.metadata, closed.alice.id, limits)
      const password = basic({ name: 'alice', password: secret })
      return [(await ask(password, '')).status, await status(password, `${url}/v2/`)]
    }
    expect(await login({ expiresAt: Date.now() + 60_000 })).toEqual([200, 200])
    expect(await login({ expiresAt: Date.now() - 1 })).toEqual([401, 401])
    expect(await login({ addresses: ['127.0.0.0/8'] })).toEqual([200, 200])
    expect(await login({ addresses: ['10.0.0.0/8', '::1'] })).toEqual([401, 401])
  })
})
