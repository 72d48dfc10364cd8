import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { GrantChange } from '../changes/namespaces.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { accessToken, organise, question, user } from './accounts-fixtures.ts'
import { deletion, manifest, type OpenStore } from './fixtures.ts'

async function push(store: MetadataStore, ...names: string[]): Promise<void> {
  for (const name of names)
    await store.change('putManifest', manifest('image', { repository: name as RepositoryName }))
}

function grant(changed: Partial<GrantChange>): GrantChange {
  return {
    subject: 'id-alice',
    subjectKind: 'user',
    resourceKind: 'repository',
    resource: 'team/app',
    role: 'read',
    ...changed,
  }
}

export function accessContract(open: OpenStore): void {
  test('the facts of a decision are those of this moment', async () => {
    const store = await open()
    const facts = () =>
      Promise.resolve(
        store.accessFacts(question({ user: 'id-alice', repository: 'team/app', namespace: 'team' })),
      )
    expect(await facts()).toEqual({
      closed: false,
      account: undefined,
      accessToken: undefined,
      visibility: undefined,
      namespace: undefined,
      granted: undefined,
      ownerRole: undefined,
      organisation: undefined,
    })
    await store.change('createUser', user('alice', { admin: true }))
    expect(await facts()).toMatchObject({
      closed: true,
      account: { admin: true, disabled: false, generation: 1 },
    })
    await push(store, 'team/app')
    expect(await facts()).toMatchObject({ visibility: 'private', namespace: undefined })
    await store.change('setVisibility', { repository: 'team/app' as RepositoryName, visibility: 'public' })
    expect((await facts()).visibility).toBe('public')
    await store.change('setNamespace', { name: 'team', owner: { kind: 'user', id: 'id-alice' } })
    expect((await facts()).namespace).toEqual({ ownerKind: 'user', owner: 'id-alice' })
    await store.change('setUser', { id: 'id-alice', disabled: true })
    expect((await facts()).account).toMatchObject({ disabled: true, generation: 2 })
    await store.change('deleteUser', { id: 'id-alice' })
    expect((await facts()).account).toBeUndefined()
  })

  test('the highest of what was granted counts, on the repository or its namespace, to a user or his teams', async () => {
    const store = await open()
    await organise(store)
    const granted = async () =>
      (await store.accessFacts(question({ user: 'id-mia', repository: 'team/app', namespace: 'team' })))
        .granted
    expect(await granted()).toBeUndefined()
    await store.change('setGrant', grant({ subject: 'id-mia', role: 'read' }))
    expect(await granted()).toBe('read')
    const ofTeam = grant({
      subject: 'id-builders',
      subjectKind: 'team',
      resourceKind: 'namespace',
      resource: 'team',
    })
    await store.change('setGrant', { ...ofTeam, role: 'maintain' })
    expect(await granted()).toBe('maintain')
    await store.change('setGrant', { ...ofTeam, role: 'write' })
    expect(await granted()).toBe('write')
    await store.change('setTeamMember', { team: 'id-builders', user: 'id-mia', member: false })
    expect(await granted()).toBe('read')
    expect(await store.change('setGrant', grant({ subject: 'id-mia', role: null }))).toBe(true)
    expect(await store.change('setGrant', grant({ subject: 'id-mia', role: null }))).toBe(false)
    expect(await granted()).toBeUndefined()
  })

  test('a grant on the repository of one part says nothing of the namespace of its name', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    await store.change('setGrant', grant({ resource: 'team', role: 'admin' }))
    const facts = (repository: string, namespace: string) =>
      Promise.resolve(store.accessFacts(question({ user: 'id-alice', repository, namespace })))
    expect((await facts('team/app', 'team')).granted).toBeUndefined()
    expect((await facts('team', '')).granted).toBe('admin')
  })

  test('owners, members, robots and tokens are looked up with the rest', async () => {
    const store = await open()
    await organise(store)
    await store.change('createRobot', { id: 'id-robot', organisation: 'id-acme', name: 'deploy' })
    await store.change(
      'createAccessToken',
      accessToken({ owner: 'id-robot', owner_kind: 'robot', scopes: '[]' }),
    )
    const owner = await store.accessFacts(
      question({ user: 'id-olga', namespace: 'acme', organisation: 'acme' }),
    )
    expect(owner).toMatchObject({ ownerRole: 'owner', organisation: { id: 'id-acme', role: 'owner' } })
    const member = await store.accessFacts(
      question({ user: 'id-mia', namespace: 'acme', organisation: 'nobody' }),
    )
    expect(member).toMatchObject({ ownerRole: 'member', organisation: undefined })
    const robot = await store.accessFacts(question({ robot: 'id-robot', accessToken: 'id-token' }))
    expect(robot).toMatchObject({
      account: { admin: false, organisation: 'id-acme', generation: 1 },
      accessToken: { owner: 'id-robot', scopes: '[]' },
    })
    await store.change('setRobot', { id: 'id-robot', disabled: true })
    const off = await store.accessFacts(question({ robot: 'id-robot' }))
    expect(off.account).toMatchObject({ disabled: true, generation: 2 })
  })

  test('a repository is as its namespace says when its first push makes it, and private when it was deleted', async () => {
    const store = await open()
    await store.change('setNamespace', { name: 'hub', defaultVisibility: 'public' })
    await push(store, 'hub/app', 'other/app', 'single')
    const visibility = (name: string) => store.findVisibility(name as RepositoryName)
    expect(await visibility('hub/app')).toBe('public')
    expect(await visibility('other/app')).toBe('private')
    expect(await visibility('single')).toBe('private')
    await store.change('setNamespace', { name: 'hub', defaultVisibility: 'private' })
    await push(store, 'hub/app')
    expect(await visibility('hub/app')).toBe('public')
    const repository = 'hub/app' as RepositoryName
    await store.change('deleteRepository', { repository, ...deletion, limit: 10 })
    await push(store, 'hub/app')
    expect(await visibility('hub/app')).toBe('private')
  })

  test('a list shows what is public, what is one’s own and what was granted, in bytewise order, page by page', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    await store.change('createUser', user('bob'))
    await push(
      store,
      'alice/z',
      'alice/a',
      'alice-b/x',
      'bob/a',
      'bob/b',
      'open/x',
      'team/app',
      'team/lib',
      'zed',
    )
    await store.change('setVisibility', { repository: 'open/x' as RepositoryName, visibility: 'public' })
    await store.change('setGrant', grant({ resource: 'bob/b' }))
    await store.change('setGrant', grant({ resource: 'zed' }))
    await store.change('setGrant', grant({ resource: 'gone/app' }))
    await store.change('setGrant', grant({ resourceKind: 'namespace', resource: 'team' }))
    await store.change('setGrant', grant({ resource: 'team/app' }))
    const by = { user: 'id-alice', organisation: '' }
    const all = (await store.listReadable({ by, limit: 100 })).map(String)
    expect(all).toEqual(['alice/a', 'alice/z', 'bob/b', 'open/x', 'team/app', 'team/lib', 'zed'])
    for (let limit = 1; limit <= all.length; limit += 1) {
      const pages: string[] = []
      for (let after = ''; ; after = pages.at(-1) ?? '') {
        const page = await store.listReadable({ by, after, limit })
        pages.push(...page)
        if (page.length < limit) break
      }
      expect(pages).toEqual(all)
    }
    const nobody = { user: '', organisation: '' }
    expect((await store.listReadable({ by: nobody, limit: 100 })).map(String)).toEqual(['open/x'])
  })

  test('owners of an organisation and its robots see its namespaces, members what their teams were given', async () => {
    const store = await open()
    await organise(store)
    await push(store, 'acme/app', 'acme/lib', 'other/app')
    const seen = async (by: { user?: string; organisation?: string }) =>
      (await store.listReadable({ by: { user: '', organisation: '', ...by }, limit: 10 })).map(String)
    expect(await seen({ user: 'id-olga' })).toEqual(['acme/app', 'acme/lib'])
    expect(await seen({ organisation: 'id-acme' })).toEqual(['acme/app', 'acme/lib'])
    expect(await seen({ user: 'id-mia' })).toEqual([])
    await store.change(
      'setGrant',
      grant({ subject: 'id-builders', subjectKind: 'team', resource: 'acme/lib' }),
    )
    expect(await seen({ user: 'id-mia' })).toEqual(['acme/lib'])
  })

  test('a search finds only what may be read, the exact name first', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    await push(store, 'alice/nginx', 'bob/nginx', 'library/nginx', 'nginx', 'alice/other')
    for (const name of ['library/nginx', 'nginx'] as RepositoryName[])
      await store.change('setVisibility', { repository: name, visibility: 'public' })
    const search = async (term: string, userId = '', limit = 10) =>
      (await store.searchReadable({ by: { user: userId, organisation: '' }, term, limit })).map(String)
    expect(await search('nginx')).toEqual(['library/nginx', 'nginx'])
    expect(await search('nginx', 'id-alice')).toEqual(['library/nginx', 'nginx', 'alice/nginx'])
    expect(await search('nginx', 'id-alice', 2)).toEqual(['library/nginx', 'nginx'])
    expect(await search('', 'id-alice')).toHaveLength(4)
    expect(await search('100%', 'id-alice')).toEqual([])
  })

  test('a list through more namespaces than one statement takes is whole', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    const names = Array.from({ length: 70 }, (_, index) => `n${index}/app`)
    await push(store, ...names)
    for (const name of names)
      await store.change('setGrant', grant({ resourceKind: 'namespace', resource: name.split('/')[0] ?? '' }))
    const by = { user: 'id-alice', organisation: '' }
    expect((await store.listReadable({ by, limit: 100 })).map(String)).toEqual([...names].sort())
    expect(await store.listReadable({ by, after: 'n65', limit: 2 })).toHaveLength(2)
  })
}
