import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { makeAccessToken, makeUser } from '../../support/accounts.ts'
import { basic, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'

/** Who calls: alice owns the organisation acme, bob is in its team, carol has nothing to do with it. */
const callers = ['anonymous', 'carol', 'bob', 'alice', 'admin', 'disabled', 'robot', 'scoped'] as const
type Caller = (typeof callers)[number]

let closed: ClosedRegistry
const authorization = new Map<Caller, string>()
let carolsToken = ''
let robotsToken = ''

async function send(caller: Caller, method: string, path: string, body?: object) {
  const header = authorization.get(caller)
  const answer = await fetch(`${closed.url}/api/v1${path}`, {
    method,
    headers: {
      ...(header ? { Authorization: header } : {}),
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: answer.status, text: await answer.text() }
}

async function done(method: string, path: string, body?: object) {
  const { status, text } = await send('admin', method, path, body)
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`)
  return JSON.parse(text)
}

beforeAll(async () => {
  closed = await startClosedRegistry({ args: ['--log-level', 'error'] })
  const { metadata, alice, bob, root } = closed
  const [carol, dave] = [
    await makeUser(metadata, { name: 'carol' }),
    await makeUser(metadata, { name: 'dave' }),
  ]
  authorization.set('alice', basic(alice)).set('bob', basic(bob)).set('admin', basic(root))
  authorization.set('carol', basic(carol))
  await done('POST', '/organisations', { name: 'acme', owner: 'alice' })
  await done('PUT', '/organisations/acme/members/bob', { role: 'member' })
  await done('POST', '/organisations/acme/teams', { name: 'builders' })
  await done('PUT', '/organisations/acme/teams/builders/members/bob', {})
  await done('PUT', '/namespaces/acme/grants/acme%2Fbuilders', { role: 'read' })
  await done('POST', '/organisations/acme/robots', { name: 'deploy' })
  const { token, id } = await done('POST', '/organisations/acme/robots/deploy/tokens', { name: 'ci' })
  robotsToken = id
  authorization.set('robot', basic({ name: 'acme+deploy', password: token }))
  const scopes = [{ type: 'repository', name: 'alice/**', actions: ['*'] }]
  const { secret } = await makeAccessToken(metadata, alice.id, { scopes })
  authorization.set('scoped', basic({ name: 'alice', password: secret }))
  // A disabled account's password would be held back after some attempts.
  const daves = await makeAccessToken(metadata, dave.id)
  authorization.set('disabled', basic({ name: 'dave', password: daves.secret }))
  carolsToken = (await makeAccessToken(metadata, carol.id)).id
  await done('PUT', '/users/dave', { disabled: true })
}, 60_000)
afterAll(() => closed[Symbol.asyncDispose]())

/** What each is answered, in the order of `callers`. */
const table: [method: string, path: string, body: object | undefined, statuses: number[]][] = [
  ['GET', '/whoami', undefined, [401, 200, 200, 200, 200, 401, 200, 200]],
  ['GET', '/users', undefined, [401, 403, 403, 403, 200, 401, 403, 403]],
  ['POST', '/users', { name: 'eve', password: '1' }, [401, 403, 403, 403, 400, 401, 403, 403]],
  ['GET', '/users/alice', undefined, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['GET', '/users/absent', undefined, [401, 403, 403, 403, 404, 401, 403, 403]],
  ['PUT', '/users/alice', { email: 'a@b.c' }, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['PUT', '/users/alice', { admin: false }, [401, 403, 403, 403, 200, 401, 403, 401]],
  ['PUT', '/users/alice/password', { password: '1' }, [401, 403, 403, 400, 400, 401, 403, 401]],
  ['DELETE', '/users/absent', undefined, [401, 403, 403, 403, 404, 401, 403, 403]],
  ['POST', '/directories/check', {}, [401, 403, 403, 403, 200, 401, 403, 403]],
  ['GET', '/users/alice/tokens', undefined, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['POST', '/users/alice/tokens', { name: '' }, [401, 403, 403, 400, 400, 401, 403, 401]],
  ['GET', '/invitations', undefined, [401, 403, 403, 403, 200, 401, 403, 403]],
  ['POST', '/invitations', { expires: 'x' }, [401, 403, 403, 403, 400, 401, 403, 403]],
  ['DELETE', '/invitations/absent', undefined, [401, 403, 403, 403, 403, 401, 403, 403]],
  ['POST', '/registration', { name: 'eve', password: '1' }, [403, 403, 403, 403, 403, 403, 403, 403]],
  ['GET', '/organisations', undefined, [401, 200, 200, 200, 200, 401, 403, 401]],
  ['POST', '/organisations', { name: 'api' }, [401, 403, 403, 403, 400, 401, 403, 403]],
  ['GET', '/organisations/acme', undefined, [401, 404, 200, 200, 200, 401, 404, 401]],
  ['GET', '/organisations/absent', undefined, [401, 404, 404, 404, 404, 401, 404, 404]],
  ['DELETE', '/organisations/absent', undefined, [401, 403, 403, 403, 404, 401, 403, 403]],
  ['GET', '/organisations/acme/members', undefined, [401, 404, 200, 200, 200, 401, 404, 401]],
  ['PUT', '/organisations/acme/members/bob', { role: 'member' }, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['DELETE', '/organisations/acme/members/carol', undefined, [401, 404, 403, 404, 404, 401, 403, 401]],
  ['GET', '/organisations/acme/teams', undefined, [401, 404, 200, 200, 200, 401, 404, 401]],
  ['POST', '/organisations/acme/teams', { name: 'builders' }, [401, 403, 403, 409, 409, 401, 403, 401]],
  ['DELETE', '/organisations/acme/teams/absent', undefined, [401, 403, 403, 404, 404, 401, 403, 401]],
  ['GET', '/organisations/acme/teams/builders/members', undefined, [401, 404, 200, 200, 200, 401, 404, 401]],
  ['PUT', '/organisations/acme/teams/builders/members/bob', {}, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['GET', '/organisations/acme/robots', undefined, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['POST', '/organisations/acme/robots', { name: 'deploy' }, [401, 403, 403, 409, 409, 401, 403, 401]],
  ['PUT', '/organisations/acme/robots/absent', { disabled: true }, [401, 403, 403, 404, 404, 401, 403, 401]],
  ['DELETE', '/organisations/acme/robots/absent', undefined, [401, 403, 403, 404, 404, 401, 403, 401]],
  ['GET', '/organisations/acme/robots/deploy/tokens', undefined, [401, 403, 403, 200, 200, 401, 403, 401]],
  [
    'POST',
    '/organisations/acme/robots/deploy/tokens',
    { name: '' },
    [401, 403, 403, 400, 400, 401, 403, 401],
  ],
  ['GET', '/organisations/acme/robots/deploy/trusts', undefined, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['POST', '/organisations/acme/robots/deploy/trusts', {}, [401, 403, 403, 400, 400, 401, 403, 401]],
  [
    'DELETE',
    '/organisations/acme/robots/deploy/trusts/absent',
    undefined,
    [401, 403, 403, 404, 404, 401, 403, 401],
  ],
  ['GET', '/namespaces', undefined, [401, 200, 200, 200, 200, 401, 403, 401]],
  ['GET', '/namespaces/acme', undefined, [401, 404, 200, 200, 200, 401, 200, 401]],
  ['GET', '/namespaces/absent', undefined, [401, 404, 404, 404, 404, 401, 404, 404]],
  ['PUT', '/namespaces/acme', { defaultVisibility: 'private' }, [401, 403, 403, 200, 200, 401, 403, 401]],
  [
    'PUT',
    '/namespaces/acme',
    { owner: { kind: 'organisation', name: 'acme' } },
    [401, 403, 403, 403, 200, 401, 403, 401],
  ],
  ['GET', '/namespaces/acme/grants', undefined, [401, 403, 403, 200, 200, 401, 403, 401]],
  ['PUT', '/namespaces/acme/grants/absent', { role: 'read' }, [401, 403, 403, 404, 404, 401, 403, 401]],
  ['DELETE', '/namespaces/acme/grants/carol', undefined, [401, 403, 403, 404, 404, 401, 403, 401]],
  [
    'PUT',
    '/repositories/alice%2Fprivate/visibility',
    { visibility: 'private' },
    [401, 403, 403, 200, 200, 401, 403, 200],
  ],
  [
    'PUT',
    '/repositories/alice%2Fabsent/visibility',
    { visibility: 'private' },
    [401, 403, 403, 404, 404, 401, 403, 404],
  ],
  ['GET', '/repositories/alice%2Fprivate/grants', undefined, [401, 403, 403, 200, 200, 401, 403, 200]],
  [
    'PUT',
    '/repositories/alice%2Fprivate/grants/absent',
    { role: 'read' },
    [401, 403, 403, 404, 404, 401, 403, 404],
  ],
  [
    'DELETE',
    '/repositories/alice%2Fprivate/grants/carol',
    undefined,
    [401, 403, 403, 404, 404, 401, 403, 404],
  ],
  [
    'GET',
    '/repositories/alice%2Fprivate/access?who=carol&action=pull',
    undefined,
    [401, 403, 403, 200, 200, 401, 403, 200],
  ],
  ['GET', '/repositories/alice%2Fprivate', undefined, [401, 404, 404, 200, 200, 401, 404, 200]],
  ['GET', '/repositories/alice%2Fpublic', undefined, [200, 200, 200, 200, 200, 401, 200, 200]],
]

describe('what each caller is answered', () => {
  test.each(table)('%s %s', async (method, path, body, statuses) => {
    const found: Record<string, number> = {}
    for (const caller of callers) found[caller] = (await send(caller, method, path, body)).status
    expect(found).toEqual(Object.fromEntries(callers.map((caller, index) => [caller, statuses[index] ?? 0])))
  })
})

test('who may not is told the same of what is there and of what is not', async () => {
  for (const caller of ['anonymous', 'carol', 'robot'] as const) {
    for (const [method, there, absent] of [
      ['GET', '/users/alice', '/users/absent'],
      ['DELETE', '/users/alice', '/users/absent'],
      ['GET', '/users/alice/tokens', '/users/absent/tokens'],
      ['GET', '/organisations/acme/robots', '/organisations/absent/robots'],
      ['DELETE', '/organisations/acme', '/organisations/absent'],
      ['GET', '/repositories/alice%2Fprivate/grants', '/repositories/alice%2Fabsent/grants'],
    ] as const) {
      expect(await send(caller, method, there)).toEqual(await send(caller, method, absent))
    }
    const told = (await send(caller, 'GET', '/namespaces/alice')).text.replaceAll('alice', 'absent')
    expect(told).toBe((await send(caller, 'GET', '/namespaces/absent')).text)
  }
})

test('a token is revoked by its owner, his organisation or an administrator, and unknown to others', async () => {
  for (const caller of ['bob', 'alice', 'robot'] as const) {
    const other = await send(caller, 'DELETE', `/tokens/${carolsToken}`)
    const none = await send(caller, 'DELETE', '/tokens/absent')
    expect({ ...other, text: other.text.replaceAll(carolsToken, 'absent') }).toEqual(none)
    expect(other.status).not.toBe(200)
  }
  expect((await send('bob', 'DELETE', `/tokens/${robotsToken}`)).status).toBe(404)
  expect((await send('carol', 'DELETE', `/tokens/${carolsToken}`)).status).toBe(200)
  expect((await send('alice', 'DELETE', `/tokens/${robotsToken}`)).status).toBe(200)
  expect((await send('robot', 'GET', '/whoami')).status).toBe(401)
})

test('lists show each what is his', async () => {
  const names = async (caller: Caller, what: string) =>
    (JSON.parse((await send(caller, 'GET', `/${what}`)).text)[what] as { name: string }[]).map(
      ({ name }) => name,
    )
  expect(await names('carol', 'organisations')).toEqual([])
  expect(await names('bob', 'organisations')).toEqual(['acme'])
  expect(await names('carol', 'namespaces')).toEqual(['carol'])
  expect(await names('admin', 'namespaces')).toContain('acme')
  expect(await names('carol', 'repositories')).toEqual(['alice/public'])
  expect(await names('alice', 'repositories')).toEqual(['alice/private', 'alice/public'])
})

test('an administrator can’t lock himself out, and the last owner stays', async () => {
  const root = `/users/${closed.root.name}`
  expect((await send('admin', 'PUT', root, { admin: false })).status).toBe(403)
  expect((await send('admin', 'PUT', root, { disabled: true })).status).toBe(403)
  expect((await send('admin', 'DELETE', root)).status).toBe(403)
  expect((await send('alice', 'DELETE', '/organisations/acme/members/alice')).status).toBe(409)
  expect((await send('bob', 'DELETE', '/organisations/acme/members/bob')).status).toBe(200)
  expect((await send('bob', 'GET', '/organisations/acme')).status).toBe(404)
})

test('who changes his own password must know the current one, and signs in anew', async () => {
  const { alice, url } = closed
  const password = 'another-tidal-lantern'
  const change = (current: string) => send('alice', 'PUT', '/users/alice/password', { password, current })
  expect((await change('wrong')).status).toBe(403)
  expect((await change(alice.password)).status).toBe(200)
  expect((await send('alice', 'GET', '/whoami')).status).toBe(401)
  const answer = await fetch(`${url}/v2/`, { headers: { Authorization: basic({ name: 'alice', password }) } })
  expect(answer.status).toBe(200)
})
