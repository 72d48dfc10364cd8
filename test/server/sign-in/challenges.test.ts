import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startBerth } from '../../support/berth.ts'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'

let closed: ClosedRegistry
let url: string
beforeAll(async () => {
  closed = await startClosedRegistry()
  url = closed.url
})
afterAll(() => closed[Symbol.asyncDispose]())

const challenge = async (answer: Response | Promise<Response>) =>
  (await answer).headers.get('www-authenticate')
const manifest = (repository: string) => `${url}/v2/${repository}/manifests/latest`

/** Status, challenge without its address, and the body: all that a caller can tell answers apart by. */
async function told(answer: Promise<Response>) {
  const { status, headers } = await answer
  const said = headers.get('www-authenticate')?.replace(/^Bearer realm="[^"]*",service="berth",?/, '')
  return { status, challenge: said, body: await (await answer).text() }
}

describe('who has not signed in', () => {
  test('is asked to at /v2/, with the absolute address of the token endpoint', async () => {
    const answer = await fetch(`${url}/v2/`)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="${url}/v2/token",service="berth"`)
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    expect(await answer.json()).toEqual({ errors: [{ code: 'UNAUTHORIZED', message: expect.any(String) }] })
  })

  test.each([
    ['GET', 'alice/private/manifests/latest', 'repository:alice/private:pull'],
    ['HEAD', 'alice/private/manifests/latest', 'repository:alice/private:pull'],
    ['GET', 'alice/private/tags/list', 'repository:alice/private:pull'],
    ['POST', 'alice/new/blobs/uploads/', 'repository:alice/new:pull,push'],
    [
      'POST',
      `alice/new/blobs/uploads/?mount=sha256:${'0'.repeat(64)}&from=bob/private`,
      'repository:alice/new:pull,push repository:bob/private:pull',
    ],
    ['POST', 'alice/new/blobs/uploads/?from=A"B', 'repository:alice/new:pull,push'],
    ['PUT', 'alice/public/manifests/latest', 'repository:alice/public:pull,push'],
    ['DELETE', 'alice/public/manifests/latest', 'repository:alice/public:delete'],
    ['GET', '_catalog', 'registry:catalog:*'],
  ])('is told the scope for %s %s', async (method, path, scope) => {
    const answer = await fetch(`${url}/v2/${path}`, { method })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="${url}/v2/token",service="berth",scope="${scope}"`,
    ])
  })

  test('reads what is public', async () => {
    expect((await fetch(manifest('alice/public'))).status).toBe(200)
  })

  test('can not tell a private repository from one that is not there', async () => {
    const [there, absent] = await Promise.all(
      ['alice/private', 'alice/absentt'].map((name) => told(fetch(manifest(name)))),
    )
    expect(JSON.stringify(there).replaceAll('private', 'absentt')).toBe(JSON.stringify(absent))
  })

  test('is nobody also where his client sends empty credentials', async () => {
    expect((await as('Basic Og==', manifest('alice/public'))).status).toBe(200)
    expect((await as('Basic Og==', `${url}/v2/`)).status).toBe(401)
  })

  test('sees of search what is public, and nothing of metrics', async () => {
    const found = (await (await fetch(`${url}/v1/search?q=alice`)).json()) as { results: { name: string }[] }
    expect(found.results.map(({ name }) => name)).toEqual(['alice/public'])
    expect((await fetch(`${url}/metrics`)).status).toBe(401)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })
})

describe('who signs in by Basic', () => {
  test('may ping, read and push what is his', async () => {
    const alice = basic(closed.alice)
    expect((await as(alice, `${url}/v2/`)).status).toBe(200)
    expect((await as(alice, manifest('alice/private'))).status).toBe(200)
    expect((await as(alice, `${url}/v2/alice/new/blobs/uploads/`, { method: 'POST' })).status).toBe(202)
  })

  test('is told the same of a private repository as of none: 404 to read, 403 to write', async () => {
    const bob = basic(closed.bob)
    for (const [method, path, status] of [
      ['GET', 'manifests/latest', 404],
      ['GET', 'tags/list', 404],
      ['POST', 'blobs/uploads/', 403],
      ['PUT', 'manifests/latest', 403],
      ['DELETE', 'manifests/latest', 403],
    ] as const) {
      const [there, absent] = await Promise.all(
        ['alice/private', 'alice/absentt'].map((name) =>
          told(as(bob, `${url}/v2/${name}/${path}`, { method })),
        ),
      )
      expect(there?.status).toBe(status)
      expect(JSON.stringify(there).replaceAll('private', 'absentt')).toBe(JSON.stringify(absent))
    }
  })

  test('may not write what he may only read', async () => {
    const answer = await as(basic(closed.bob), `${url}/v2/alice/public/blobs/uploads/`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toMatchObject([403, { errors: [{ code: 'DENIED' }] }])
  })

  test('hears 404 of what he may push and is not there yet', async () => {
    expect((await as(basic(closed.alice), manifest('alice/not-yet'))).status).toBe(404)
  })

  test('with a wrong password is told the same as with a wrong name', async () => {
    const wrong = (name: string) => told(as(basic({ name, password: 'wrong-lantern' }), `${url}/v2/`))
    expect(await wrong('alice')).toEqual(await wrong('nobody'))
    expect((await wrong('alice')).status).toBe(401)
  })

  test('sees the metrics as an administrator, and is refused as another', async () => {
    expect((await as(basic(closed.root), `${url}/metrics`)).status).toBe(200)
    expect((await as(basic(closed.alice), `${url}/metrics`)).status).toBe(403)
    expect((await as(basic(closed.root), `${url}/api/v1/read-only`)).status).toBe(200)
    expect((await as(basic(closed.alice), `${url}/api/v1/read-only`)).status).toBe(403)
  })

  test.each([
    'Basic',
    'Basic !!!',
    'Basic bm9jb2xvbg==',
    'Digest x',
    'Bearer',
    'Bearer x',
    'Negotiate',
    `Bearer ${'x'.repeat(12_000)}`,
  ])('is refused with the header %.20s', async (header) => {
    expect((await as(header, manifest('alice/public'))).status).toBe(401)
  })
})

test('the log has the names of callers, and nothing that they signed in with', async () => {
  const { token, alice, berth } = closed
  const secret = await token(basic(alice), 'repository:alice/private:pull')
  await as(bearer(secret), manifest('alice/private'))
  await fetch(`${url}/v2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', username: 'alice', password: alice.password }),
  })
  await Bun.sleep(500)
  const lines = berth
    .output()
    .split('\n')
    .filter((line) => line.includes(' route=token') || line.includes('manifests'))
  expect(lines.filter((line) => line.includes('caller=alice')).length).toBeGreaterThan(2)
  for (const text of [alice.password, secret, basic(alice).slice(6)])
    expect(berth.output()).not.toContain(text)
})

test('an open registry takes no notice of what its clients once stored', async () => {
  const open = await startBerth()
  for (const header of ['Basic YWxpY2U6eA==', 'Bearer eyJh.b.c', 'nonsense'])
    expect((await as(header, `${open.url}/v2/`)).status).toBe(200)
  expect((await fetch(`${open.url}/v2/token?scope=repository:a:pull`)).status).toBe(200)
  await open.stop()
})

describe('behind a proxy', () => {
  const headers = {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'hub.test',
    'X-Forwarded-For': '198.51.100.7',
  }

  test('that is not trusted, its headers are ignored', async () => {
    expect(await challenge(fetch(`${url}/v2/`, { headers }))).toContain(`realm="${url}/v2/token"`)
    await Bun.sleep(300)
    expect(closed.berth.output()).not.toContain('198.51.100.7')
  })

  test('that is trusted, clients are sent to where they came from', async () => {
    const proxied = await startClosedRegistry({ args: ['--http-trusted-proxies', '127.0.0.1'] })
    expect(await challenge(fetch(`${proxied.url}/v2/`, { headers }))).toContain(
      'realm="https://hub.test/v2/token"',
    )
    await Bun.sleep(300)
    expect(proxied.berth.output()).toContain('client=198.51.100.7')
    await proxied[Symbol.asyncDispose]()
  })

  test('the address that the settings give goes before all', async () => {
    const named = await startClosedRegistry({ args: ['--http-url', 'https://registry.example.com'] })
    expect(await challenge(fetch(`${named.url}/v2/`, { headers }))).toBe(
      'Bearer realm="https://registry.example.com/v2/token",service="registry.example.com"',
    )
    await named[Symbol.asyncDispose]()
  })
})
