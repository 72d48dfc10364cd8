import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { parseSubject } from '../../../src/access/account-name.ts'
import { grantRole } from '../../../src/access/grants.ts'
import type { Identity } from '../../../src/access/identity.ts'
import { setVisibility } from '../../../src/access/namespaces.ts'
import type { RepositoryName } from '../../../src/oci/repository-name.ts'
import { anonymous, type RegistryWithCallers, registryWithCallers, root } from '../../support/callers.ts'

const digest = `sha256:${'0'.repeat(64)}`
const image = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 },
  layers: [],
})

let hub: RegistryWithCallers
let alice: Identity
let bob: Identity
let reader: Identity

beforeAll(async () => {
  hub = await registryWithCallers()
  alice = await hub.user('alice')
  bob = await hub.user('bob')
  reader = await hub.user('reader')
  for (const name of ['alice/private', 'alice/public']) {
    const { status } = await hub.ask(alice, 'PUT', `/v2/${name}/manifests/v1`, image)
    if (status !== 201) throw new Error(`${name}: ${status}`)
  }
  const repository = 'alice/public' as RepositoryName
  await setVisibility(hub.accounts, { repository, visibility: 'public' })
  await grantRole(hub.accounts, {
    subject: parseSubject('reader'),
    role: 'read',
    on: { kind: 'repository', name: 'alice/private' },
  })
})

afterAll(() => hub[Symbol.asyncDispose]())

/** Every way to look at a repository, and to write to it. */
const reads = (name: string): [string, string][] =>
  ['GET', 'HEAD'].flatMap((method): [string, string][] => [
    [method, `/v2/${name}/manifests/v1`],
    [method, `/v2/${name}/manifests/${digest}`],
    [method, `/v2/${name}/blobs/${digest}`],
    [method, `/v2/${name}/tags/list`],
    [method, `/v2/${name}/referrers/${digest}`],
  ])
const writes = (name: string): [string, string][] => [
  ['PUT', `/v2/${name}/manifests/v1`],
  ['DELETE', `/v2/${name}/manifests/v1`],
  ['DELETE', `/v2/${name}/blobs/${digest}`],
  ['POST', `/v2/${name}/blobs/uploads/`],
  ['PATCH', `/v2/${name}/blobs/uploads/some-id`],
  ['PUT', `/v2/${name}/blobs/uploads/some-id?digest=${digest}`],
  ['GET', `/v2/${name}/blobs/uploads/some-id`],
  ['DELETE', `/v2/${name}/blobs/uploads/some-id`],
]

/** The answers about two repositories, with the names taken out. */
async function both(who: Identity, [method, target]: [string, string], other: string) {
  const plain = (text: string) => text.replaceAll('alice/private', 'NAME').replaceAll(other, 'NAME')
  const there = await hub.ask(who, method, target, method === 'PUT' ? image : undefined)
  const absent = await hub.ask(
    who,
    method,
    target.replace('alice/private', other),
    method === 'PUT' ? image : undefined,
  )
  const headers = (answer: typeof there) => JSON.stringify([...answer.headers])
  return {
    status: there.status,
    same:
      there.status === absent.status &&
      plain(there.text) === plain(absent.text) &&
      plain(headers(there)) === plain(headers(absent)),
    text: there.text,
  }
}

describe('who may not look is not told what is there', () => {
  test.each([...reads('alice/private'), ...writes('alice/private')])(
    'anonymously, %s %s',
    async (method, target) => {
      expect(await both(anonymous, [method, target], 'alice/absent1')).toMatchObject({
        status: 401,
        same: true,
      })
    },
  )

  test.each(reads('alice/private'))('signed in without a right, %s %s', async (method, target) => {
    expect(await both(bob, [method, target], 'alice/absent1')).toMatchObject({ status: 404, same: true })
  })

  test.each(writes('alice/private'))('signed in without a right, %s %s', async (method, target) => {
    const answer = await both(bob, [method, target], 'alice/absent1')
    expect(answer).toMatchObject({ status: 403, same: true })
    expect(answer.text).toContain('DENIED')
  })
})

describe('who may read', () => {
  test('what is public, reads it without signing in, and signs in to write', async () => {
    expect((await hub.ask(anonymous, 'GET', '/v2/alice/public/manifests/v1')).status).toBe(200)
    for (const [method, target] of writes('alice/public'))
      expect((await hub.ask(anonymous, method, target)).status).toBe(401)
  })

  test('by a grant, may not write', async () => {
    expect((await hub.ask(reader, 'GET', '/v2/alice/private/manifests/v1')).status).toBe(200)
    for (const [method, target] of writes('alice/private'))
      expect((await hub.ask(reader, method, target)).status).toBe(403)
  })
})

test('who may push is told 404 of what is not there yet, and makes it', async () => {
  expect((await hub.ask(alice, 'GET', '/v2/alice/new/manifests/v1')).status).toBe(404)
  expect((await hub.ask(alice, 'POST', '/v2/alice/new/blobs/uploads/')).status).toBe(202)
  expect((await hub.ask(alice, 'PUT', '/v2/alice/new/manifests/v1', image)).status).toBe(201)
  expect((await hub.ask(anonymous, 'GET', '/v2/alice/new/manifests/v1')).status).toBe(401)
})

test('only administrators make official images and namespaces of nobody', async () => {
  const admin = await hub.user('boss', { admin: true })
  for (const name of ['ubuntu', 'library/ubuntu', 'nobody/app']) {
    expect((await hub.ask(alice, 'PUT', `/v2/${name}/manifests/v1`, image)).status).toBe(403)
    expect((await hub.ask(admin, 'PUT', `/v2/${name}/manifests/v1`, image)).status).toBe(201)
  }
})

test('a token that is narrower than its user’s rights is asked to be wider', async () => {
  const scopes = [{ type: 'repository', name: 'alice/private', actions: ['pull'] }] as const
  const narrow = { ...alice, bound: { scopes } } as Identity
  expect((await hub.ask(narrow, 'GET', '/v2/alice/private/manifests/v1')).status).toBe(200)
  expect((await hub.ask(narrow, 'PUT', '/v2/alice/private/manifests/v1', image)).status).toBe(401)
  expect((await hub.ask(narrow, 'GET', '/v2/alice/new/manifests/v1')).status).toBe(401)
  expect(
    (await hub.ask({ ...bob, bound: { scopes } } as Identity, 'GET', '/v2/alice/private/manifests/v1'))
      .status,
  ).toBe(404)
})

test('a right that is withdrawn holds no more at the next request', async () => {
  const guest = await hub.user('guest')
  const on = { kind: 'repository', name: 'alice/private' } as const
  const look = async () => (await hub.ask(guest, 'GET', '/v2/alice/private/manifests/v1')).status
  expect(await look()).toBe(404)
  await grantRole(hub.accounts, { subject: parseSubject('guest'), role: 'read', on })
  expect(await look()).toBe(200)
  await hub.accounts.metadata.change('setUser', { id: (guest as { id: string }).id, disabled: true })
  expect(await look()).toBe(401)
})

test('/v2/ asks anonymous callers to sign in, and greets who did', async () => {
  expect((await hub.ask(anonymous, 'GET', '/v2/')).status).toBe(401)
  expect((await hub.ask(bob, 'GET', '/v2/')).status).toBe(200)
  expect((await hub.ask(anonymous, 'GET', '/healthz')).status).toBe(200)
  for (const path of ['/metrics', '/api/v1/trash', '/api/v1/gc/runs']) {
    expect((await hub.ask(anonymous, 'GET', path)).status).toBe(401)
    expect((await hub.ask(bob, 'GET', path)).status).toBe(403)
    expect((await hub.ask(root, 'GET', path)).status).toBe(200)
  }
})

test('anonymous access can be switched off for the whole server', async () => {
  await using shut = await registryWithCallers({ anonymous: false })
  const owner = await shut.user('alice')
  await shut.ask(owner, 'PUT', '/v2/alice/public/manifests/v1', image)
  const repository = 'alice/public' as RepositoryName
  await setVisibility(shut.accounts, { repository, visibility: 'public' })
  for (const path of ['/v2/alice/public/manifests/v1', '/v1/search?q=alice', '/v2/_catalog'])
    expect((await shut.ask(anonymous, 'GET', path)).status).toBe(401)
  expect((await shut.ask(await shut.user('bob'), 'GET', '/v2/alice/public/manifests/v1')).status).toBe(200)
})
