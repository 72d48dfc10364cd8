import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { explain } from '../../../src/access/explain.ts'
import {
  changeNamespace,
  grant,
  listGrants,
  revoke,
  setVisibility,
  showNamespace,
} from '../../../src/access/grants.ts'
import type { Identity } from '../../../src/access/identity.ts'
import * as organisations from '../../../src/access/organisations.ts'
import { changeRobot, createRobot, listRobots } from '../../../src/access/robots.ts'
import { createToken } from '../../../src/access/tokens.ts'
import { changePassword, changeUser, createUser, listUsers, showUser } from '../../../src/access/users.ts'
import type { RepositoryName } from '../../../src/oci/repository-name.ts'
import { type RegistryWithCallers, registryWithCallers, root } from '../../support/callers.ts'

let hub: RegistryWithCallers
let admin: Identity
let olga: Identity
let mia: Identity
let eve: Identity

beforeAll(async () => {
  hub = await registryWithCallers()
  admin = await hub.user('boss', { admin: true })
  olga = await hub.user('olga')
  mia = await hub.user('mia')
  eve = await hub.user('eve')
  await organisations.createOrganisation(hub.accounts, { by: admin, name: 'acme', owner: 'olga' })
})

afterAll(() => hub[Symbol.asyncDispose]())

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}

const page = { after: '', limit: 10 }

describe('accounts', () => {
  test('are for administrators to make, list and change', async () => {
    const { accounts } = hub
    expect(await codeOf(createUser(accounts, { by: eve, name: 'mallory', admin: true }))).toBe('DENIED')
    expect(await codeOf(listUsers(accounts, { by: eve, ...page }))).toBe('DENIED')
    expect(await codeOf(changeUser(accounts, { by: eve, name: 'eve', admin: true }))).toBe('DENIED')
    expect(await codeOf(changeUser(accounts, { by: eve, name: 'mia', email: 'eve@example.com' }))).toBe(
      'DENIED',
    )
    const first = await listUsers(accounts, { by: admin, after: '', limit: 2 })
    expect(first.users.map(({ name }) => name)).toEqual(['boss', 'eve'])
    expect(first.next).toBe('eve')
    expect(await changeUser(accounts, { by: eve, name: 'eve', email: 'eve@example.com' })).toMatchObject({
      email: 'eve@example.com',
    })
    expect(await codeOf(changeUser(accounts, { by: eve, name: 'eve', email: 'none' }))).toBe(
      'PARAMETER_INVALID',
    )
    expect(await showUser(accounts, { by: mia, name: 'mia' })).toMatchObject({
      admin: false,
      password: false,
    })
    expect(await codeOf(showUser(accounts, { by: mia, name: 'eve' }))).toBe('DENIED')
    expect(await codeOf(showUser(accounts, { by: mia, name: 'nobody' }))).toBe('DENIED')
    expect(await codeOf(showUser(accounts, { by: admin, name: 'nobody' }))).toBe('ACCOUNT_UNKNOWN')
  })

  test('with a new password sign in again', async () => {
    const own = await hub.user('pat')
    await changePassword(hub.accounts, { by: own, name: 'pat', passwordHash: 'hash' })
    expect(await codeOf(showUser(hub.accounts, { by: own, name: 'pat' }))).toBe('UNAUTHORIZED')
    expect(await codeOf(changePassword(hub.accounts, { by: eve, name: 'pat', passwordHash: 'h' }))).toBe(
      'DENIED',
    )
  })
})

describe('an organisation', () => {
  test('is its owners’ to administer, and its members’ to look at', async () => {
    const { accounts } = hub
    const of = { organisation: 'acme' }
    expect(
      await codeOf(organisations.setMember(accounts, { by: mia, ...of, user: 'mia', role: 'owner' })),
    ).toBe('DENIED')
    expect(await codeOf(organisations.showOrganisation(accounts, { by: mia, ...of }))).toBe('ACCOUNT_UNKNOWN')
    await organisations.setMember(accounts, { by: olga, ...of, user: 'mia', role: 'member' })
    expect(await organisations.showOrganisation(accounts, { by: mia, ...of })).toMatchObject({ name: 'acme' })
    expect(await codeOf(organisations.createTeam(accounts, { by: mia, ...of, team: 'builders' }))).toBe(
      'DENIED',
    )
    await organisations.createTeam(accounts, { by: olga, ...of, team: 'builders' })
    const join = { ...of, team: 'builders', member: true }
    expect(await codeOf(organisations.setTeamMember(accounts, { by: olga, ...join, user: 'eve' }))).toBe(
      'ACCOUNT_UNKNOWN',
    )
    await organisations.setTeamMember(accounts, { by: olga, ...join, user: 'mia' })
    const { members } = await organisations.listMembers(accounts, { by: mia, ...of, ...page })
    expect(members).toEqual([
      { name: 'mia', role: 'member' },
      { name: 'olga', role: 'owner' },
    ])
    expect((await organisations.listOrganisations(accounts, { by: eve, ...page })).organisations).toEqual([])
    expect(
      (await organisations.listOrganisations(accounts, { by: mia, ...page })).organisations,
    ).toHaveLength(1)
  })

  test('is for administrators to make, unless anybody may register', async () => {
    expect(await codeOf(organisations.createOrganisation(hub.accounts, { by: eve, name: 'evil' }))).toBe(
      'DENIED',
    )
    await using open = await registryWithCallers({ registration: 'open' })
    await open.user('boss', { admin: true })
    const carol = await open.user('carol')
    await organisations.createOrganisation(open.accounts, { by: carol, name: 'carols' })
    expect(
      await codeOf(
        organisations.createOrganisation(open.accounts, { by: carol, name: 'other', owner: 'boss' }),
      ),
    ).toBe('DENIED')
    expect(await showNamespace(open.accounts, { by: carol, namespace: 'carols' })).toMatchObject({
      owner: 'carols',
    })
  })

  test('has robots, which do what their tokens say in its namespace alone', async () => {
    const { accounts } = hub
    const of = { organisation: 'acme' }
    expect(await codeOf(createRobot(accounts, { by: mia, ...of, robot: 'deploy' }))).toBe('DENIED')
    expect(await createRobot(accounts, { by: olga, ...of, robot: 'deploy' })).toMatchObject({
      login: 'acme+deploy',
    })
    const token = await createToken(accounts, {
      by: olga,
      of: { organisation: 'acme', robot: 'deploy' },
      name: 'ci',
      hash: 'robot hash',
      scopes: [{ type: 'repository', name: 'acme/*', actions: ['pull', 'push'] }],
    })
    const { owner } = (await accounts.metadata.findAccessToken('robot hash')) ?? {}
    if (!owner) throw new Error('the token is gone')
    const robot: Identity = { ...owner, kind: 'robot', bound: { accessToken: token.id, address: '' } }
    const outcome = async (action: 'repository:push' | 'repository:delete', name: string) =>
      accounts.decide(robot, action, name as RepositoryName)
    expect(await outcome('repository:push', 'acme/app')).toMatchObject({ allow: true })
    expect(await outcome('repository:delete', 'acme/app')).toMatchObject({ because: 'scope' })
    expect(await outcome('repository:push', 'mia/app')).toMatchObject({ because: 'no-right' })
    await changeRobot(accounts, { by: olga, ...of, robot: 'deploy', disabled: true })
    expect(await outcome('repository:push', 'acme/app')).toMatchObject({ because: 'disabled' })
    await changeRobot(accounts, { by: olga, ...of, robot: 'deploy', disabled: false })
    expect(await outcome('repository:push', 'acme/app')).toMatchObject({ because: 'withdrawn' })
    expect((await listRobots(accounts, { by: olga, ...of, ...page })).robots).toHaveLength(1)
  })
})

describe('roles', () => {
  const on = { kind: 'repository', name: 'acme/app' } as const
  const to = { kind: 'team', organisation: 'acme', name: 'builders' } as const

  test('are given and taken by who has admin there', async () => {
    const { accounts } = hub
    const decide = () => accounts.decide(mia, 'repository:push', on.name as RepositoryName)
    expect(await codeOf(grant(accounts, { by: mia, to, role: 'admin', on }))).toBe('DENIED')
    expect(await decide()).toMatchObject({ because: 'no-right' })
    await grant(accounts, { by: olga, to, role: 'write', on })
    expect(await decide()).toMatchObject({ allow: true })
    expect(await codeOf(grant(accounts, { by: mia, to, role: 'admin', on }))).toBe('DENIED')
    expect((await listGrants(accounts, { by: olga, on })).grants).toEqual([
      { subject: 'acme/builders', subjectKind: 'team', role: 'write', on: 'acme/app', onKind: 'repository' },
    ])
    expect(await revoke(accounts, { by: olga, from: to, on })).toBe(true)
    expect(await revoke(accounts, { by: olga, from: to, on })).toBe(false)
    expect(await decide()).toMatchObject({ because: 'no-right' })
  })

  test('are not given in namespaces that nobody has, or to nobody', async () => {
    const namespace = (name: string) => ({ kind: 'namespace', name }) as const
    const user = (name: string) => ({ kind: 'user', name }) as const
    const give = (by: Identity, name: string, who = 'eve') =>
      codeOf(grant(hub.accounts, { by, to: user(who), role: 'write', on: namespace(name) }))
    expect(await give(admin, 'nowhere')).toBe('NAMESPACE_UNKNOWN')
    expect(await give(admin, 'acme', 'nobody')).toBe('ACCOUNT_UNKNOWN')
    expect(await give(admin, 'library')).toBe('done')
    expect(await give(eve, 'acme')).toBe('DENIED')
    expect(
      await hub.accounts.decide(eve, 'repository:push', 'library/ubuntu' as RepositoryName),
    ).toMatchObject({
      allow: true,
    })
  })

  test('of a namespace: its default is its owner’s to set, whom it belongs to the administrators’', async () => {
    const { accounts } = hub
    const namespace = 'eve'
    expect(
      await changeNamespace(accounts, { by: eve, namespace, defaultVisibility: 'public' }),
    ).toMatchObject({
      defaultVisibility: 'public',
      owner: 'eve',
    })
    expect(
      await codeOf(changeNamespace(accounts, { by: mia, namespace, defaultVisibility: 'private' })),
    ).toBe('DENIED')
    expect(await codeOf(changeNamespace(accounts, { by: eve, namespace: 'eve2', owner: null }))).toBe(
      'DENIED',
    )
    const owner = { kind: 'organisation', name: 'acme' } as const
    expect(await changeNamespace(accounts, { by: admin, namespace: 'tools', owner })).toMatchObject({
      owner: 'acme',
    })
    expect(await accounts.decide(olga, 'repository:push', 'tools/x' as RepositoryName)).toMatchObject({
      allow: true,
    })
    expect(await codeOf(showNamespace(accounts, { by: eve, namespace: 'tools' }))).toBe('NAMESPACE_UNKNOWN')
    expect(await codeOf(showNamespace(accounts, { by: eve, namespace: 'absent' }))).toBe('NAMESPACE_UNKNOWN')
  })

  test('of a repository: its visibility takes maintain', async () => {
    const repository = 'acme/absent' as RepositoryName
    const set = (by: Identity) =>
      codeOf(setVisibility(hub.accounts, { by, repository, visibility: 'public' }))
    expect(await set(eve)).toBe('DENIED')
    expect(await set(olga)).toBe('NAME_UNKNOWN')
  })
})

test('a decision is explained to administrators, and to whom it is about', async () => {
  const { accounts } = hub
  const ask = (by: Identity, who: string) =>
    explain(accounts, { by, who, action: 'repository:push', resource: 'acme/app' as RepositoryName })
  expect(await ask(root, 'olga')).toMatchObject({
    allow: true,
    reason: 'admin: he is an owner of the organisation whose namespace it is',
  })
  expect(await ask(eve, 'eve')).toMatchObject({
    allow: false,
    reason: 'it takes the role write, and the caller has no role there',
  })
  expect(await ask(root, 'anonymous')).toMatchObject({ because: 'anonymous' })
  expect(await ask(root, 'acme+deploy')).toMatchObject({ allow: true })
  expect(await codeOf(ask(eve, 'olga'))).toBe('DENIED')
  expect(await codeOf(ask(root, 'nobody'))).toBe('ACCOUNT_UNKNOWN')
})
