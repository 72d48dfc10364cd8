import { afterAll, beforeAll, expect, test } from 'bun:test'
import { parseSubject } from '../../../src/access/account-name.ts'
import { grantRole } from '../../../src/access/grants.ts'
import type { Identity } from '../../../src/access/identity.ts'
import { setVisibility } from '../../../src/access/namespaces.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import type { RepositoryName } from '../../../src/oci/repository-name.ts'
import { anonymous, type RegistryWithCallers, registryWithCallers, root } from '../../support/callers.ts'

const layer = 'a layer that only alice has'
const digest = digestOf(new TextEncoder().encode(layer))
const image = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: layer.length },
  layers: [],
})

let hub: RegistryWithCallers
let alice: Identity & { kind: 'user' }
let bob: Identity & { kind: 'user' }

beforeAll(async () => {
  hub = await registryWithCallers()
  alice = await hub.user('alice')
  bob = await hub.user('bob')
  await hub.ask(alice, 'POST', `/v2/alice/secret/blobs/uploads/?digest=${digest}`, layer)
  for (const name of ['alice/secret', 'alice/open', 'bob/own'])
    await hub.ask(root, 'PUT', `/v2/${name}/manifests/v1`, image)
  const repository = 'alice/open' as RepositoryName
  await setVisibility(hub.accounts, { repository, visibility: 'public' })
})

afterAll(() => hub[Symbol.asyncDispose]())

const catalog = async (who: Identity, query = '') =>
  JSON.parse((await hub.ask(who, 'GET', `/v2/_catalog${query}`)).text).repositories
const searched = async (who: Identity, term: string) =>
  JSON.parse((await hub.ask(who, 'GET', `/v1/search?q=${term}`)).text).results.map(
    ({ name }: { name: string }) => name,
  )
const listed = async (who: Identity) =>
  JSON.parse((await hub.ask(who, 'GET', '/api/v1/repositories')).text).repositories.map(
    ({ name }: { name: string }) => name,
  )

test('each sees what is public and what is his, in the catalog, in searches and in the API', async () => {
  expect(await catalog(alice)).toEqual(['alice/open', 'alice/secret'])
  expect(await catalog(bob)).toEqual(['alice/open', 'bob/own'])
  expect(await catalog(root)).toEqual(['alice/open', 'alice/secret', 'bob/own'])
  expect(await listed(bob)).toEqual(['alice/open', 'bob/own'])
  expect(await searched(bob, 'alice')).toEqual(['alice/open'])
  expect(await searched(alice, 'alice')).toEqual(['alice/open', 'alice/secret'])
  expect(await searched(anonymous, '')).toEqual(['alice/open'])
})

test('the catalog asks anonymous callers for a token, and lists to one what is public', async () => {
  expect((await hub.ask(anonymous, 'GET', '/v2/_catalog')).status).toBe(401)
  const scopes = [{ type: 'registry', name: 'catalog', actions: ['*'] }] as const
  expect(await catalog({ ...anonymous, bound: { scopes } })).toEqual(['alice/open'])
})

test('pages tell nothing of what lies between', async () => {
  const first = await hub.ask(bob, 'GET', '/v2/_catalog?n=1')
  expect(first.headers.get('link')).toBe('</v2/_catalog?last=alice%2Fopen&n=1>; rel="next"')
  expect(await catalog(bob, '?n=1&last=alice/open')).toEqual(['bob/own'])
  const last = await hub.ask(bob, 'GET', '/v2/_catalog?n=1&last=alice/open')
  expect(last.headers.get('link')).toBeNull()
})

test('an access token’s bearer sees what it covers', async () => {
  await hub.accounts.metadata.change('createAccessToken', {
    id: 'token',
    owner_kind: 'user',
    owner: alice.id,
    name: 'narrow',
    hash: 'h',
    scopes: JSON.stringify([{ type: 'repository', name: 'alice/s*', actions: ['pull'] }]),
    addresses: JSON.stringify(['192.0.2.0/24']),
    expires_at: null,
  })
  const from = (address: string): Identity => ({ ...alice, bound: { accessToken: 'token', address } })
  expect(await catalog(from('192.0.2.7'))).toEqual(['alice/secret'])
  expect(await searched(from('192.0.2.7'), 'alice')).toEqual(['alice/secret'])
  expect((await hub.ask(from('192.0.2.7'), 'GET', '/v2/alice/open/manifests/v1')).status).toBe(401)
  expect((await hub.ask(from('198.51.100.1'), 'GET', '/v2/_catalog')).status).toBe(401)
  await hub.accounts.metadata.change('deleteAccessToken', { id: 'token' })
  expect((await hub.ask(from('192.0.2.7'), 'GET', '/v2/_catalog')).status).toBe(401)
})

test('a digest that is known is not a digest that is had', async () => {
  const mount = async (who: Identity, query: string) =>
    (await hub.ask(who, 'POST', `/v2/bob/mine/blobs/uploads/?mount=${digest}${query}`)).status
  expect(await mount(bob, '&from=alice/secret')).toBe(202)
  expect(await mount(bob, '&from=alice/absent')).toBe(202)
  expect(await mount(bob, '')).toBe(202)
  expect((await hub.ask(bob, 'GET', `/v2/bob/own/blobs/${digest}`)).status).toBe(404)
  const scopes = [{ type: 'repository', name: 'bob/mine', actions: ['*'] }] as const
  const narrow: Identity = { ...bob, bound: { scopes } }
  await grantRole(hub.accounts, {
    subject: parseSubject('bob'),
    role: 'read',
    on: { kind: 'repository', name: 'alice/secret' },
  })
  expect(await mount(narrow, '&from=alice/secret')).toBe(202)
  expect(await mount(narrow, '')).toBe(202)
  expect(await mount(bob, '&from=alice/secret')).toBe(201)
  expect(await mount(bob, '')).toBe(201)
})

test('the trash of a repository is for who may write to it', async () => {
  await hub.ask(root, 'DELETE', '/v2/alice/secret/manifests/v1')
  const trash = async (who: Identity, query: string) =>
    (await hub.ask(who, 'GET', `/api/v1/trash${query}`)).status
  expect(await trash(alice, '?repository=alice%2Fsecret')).toBe(200)
  expect(await trash(bob, '?repository=alice%2Fsecret')).toBe(403)
  expect(await trash(bob, '?repository=alice%2Fabsent')).toBe(403)
  expect(await trash(alice, '')).toBe(403)
  expect(await trash(root, '')).toBe(200)
  const [item] = JSON.parse((await hub.ask(root, 'GET', '/api/v1/trash')).text).trash
  const there = await hub.ask(bob, 'DELETE', `/api/v1/trash/${item.id}`)
  const never = await hub.ask(bob, 'DELETE', '/api/v1/trash/never')
  expect([there.status, there.text]).toEqual([never.status, never.text])
  expect((await hub.ask(alice, 'POST', `/api/v1/trash/${item.id}/restore`, '{}')).status).toBe(200)
})
