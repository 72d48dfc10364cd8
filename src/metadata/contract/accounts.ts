import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { accessToken, organise, user } from './accounts-fixtures.ts'
import { failureOf, hour, manifest, type OpenStore } from './fixtures.ts'

export function accountsContract(open: OpenStore): void {
  test('a registry is open until its first user, and never again', async () => {
    const store = await open()
    expect(await store.accessState()).toMatchObject({ closed: false, hasUsers: false })
    expect(await store.change('createUser', user('alice'))).toEqual({ namespace: true, closed: true })
    expect(await store.change('createUser', user('bob'))).toEqual({ namespace: true, closed: false })
    for (const name of ['alice', 'bob']) await store.change('deleteUser', { id: `id-${name}` })
    expect(await store.accessState()).toMatchObject({ closed: true, hasUsers: false })
    expect(await store.change('closeRegistry', { why: 'again' })).toBe(false)
    expect((await store.accessState()).why).toContain('alice')
  })

  test('what was public while it was open is private afterwards', async () => {
    const store = await open()
    const repository = 'team/app' as RepositoryName
    await store.change('putManifest', manifest('image', { repository }))
    await store.change('setVisibility', { repository, visibility: 'public' })
    await store.change('createUser', user('alice'))
    expect(await store.findVisibility(repository)).toBe('private')
  })

  test('of several that want to be the first user, one is', async () => {
    const store = await open()
    const tries = ['ann', 'ben', 'cat', 'dan'].map((name) =>
      store.change('createUser', user(name, { first: true, admin: true })).then(
        () => 'made',
        (error: { code: string }) => error.code,
      ),
    )
    expect((await Promise.all(tries)).sort()).toEqual(['DENIED', 'DENIED', 'DENIED', 'made'])
    expect(await store.listUsers({ limit: 10 })).toHaveLength(1)
  })

  test('the set-up code is the same for every server, until there is a user', async () => {
    const store = await open()
    expect(await store.change('offerSetupCode', { code: 'one' })).toBe('one')
    expect(await store.change('offerSetupCode', { code: 'two' })).toBe('one')
    await store.change('createUser', user('alice'))
    expect(await store.getState('setup-code')).toBeUndefined()
    expect(await store.change('offerSetupCode', { code: 'three' })).toBeUndefined()
  })

  test('a name is taken once, by a user or an organisation, at whatever time', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    const again = [
      store.change('createUser', user('alice', { id: 'other' })),
      store.change('createOrganisation', { id: 'o', name: 'alice', owner: null }),
    ]
    for (const one of again) expect(await failureOf(one)).toMatchObject({ code: 'NAME_TAKEN' })
    const both = await Promise.allSettled([
      store.change('createUser', user('acme')),
      store.change('createOrganisation', { id: 'o', name: 'acme', owner: null }),
    ])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('a namespace with repositories of the administrators’ is not taken over', async () => {
    const store = await open()
    await store.change('putManifest', manifest('image', { repository: 'alice/app' as RepositoryName }))
    expect(await store.change('createUser', user('alice'))).toEqual({ namespace: false, closed: true })
    expect(await store.findNamespace('alice')).toBeUndefined()
    await store.change('putManifest', manifest('image', { repository: 'acme/app' as RepositoryName }))
    const organisation = store.change('createOrganisation', { id: 'o', name: 'acme', owner: null })
    expect(await failureOf(organisation)).toMatchObject({ code: 'NAME_TAKEN' })
  })

  test('what a user leaves behind is the administrators’, and a later user of the name gets none of it', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    await store.change('putManifest', manifest('image', { repository: 'alice/app' as RepositoryName }))
    await store.change('deleteUser', { id: 'id-alice' })
    expect(await store.findNamespace('alice')).toMatchObject({ ownerKind: 'administrators' })
    expect(await store.change('createUser', user('alice', { id: 'second' }))).toMatchObject({
      namespace: false,
    })
    await store.change('createUser', user('bob'))
    await store.change('deleteUser', { id: 'id-bob' })
    expect(await store.change('createUser', user('bob', { id: 'third' }))).toMatchObject({ namespace: true })
  })

  test('whatever changes a user’s rights ends his tokens', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    const generation = async () => (await store.findSignIn('alice'))?.generation ?? 0
    const refresh = { hash: 'r', owner_kind: 'user', owner: 'id-alice', access_token: null } as const
    const changes = [
      () => store.change('setPassword', { id: 'id-alice', hash: 'another' }),
      () => store.change('setUser', { id: 'id-alice', disabled: true }),
      () => store.change('setUser', { id: 'id-alice', disabled: false }),
      () => store.change('setUser', { id: 'id-alice', admin: true }),
    ]
    for (const change of changes) {
      const before = await generation()
      await store.change('putRefreshToken', {
        ...refresh,
        generation: before,
        service: 's',
        expires_at: Date.now() + hour,
      })
      expect(await change()).toBe(true)
      expect(await generation()).toBe(before + 1)
      expect(await store.findRefreshToken('r')).toBeUndefined()
    }
    const before = await generation()
    await store.change('setUser', { id: 'id-alice', email: 'a@b', admin: true })
    expect(await store.change('rehashPassword', { id: 'id-alice', from: 'another', to: 'better' })).toBe(true)
    expect(await store.change('rehashPassword', { id: 'id-alice', from: 'another', to: 'worse' })).toBe(false)
    expect(await store.findSignIn('alice')).toMatchObject({ generation: before, passwordHash: 'better' })
  })

  test('an invitation makes one account, and a member of its organisation', async () => {
    const store = await open()
    await organise(store)
    const invitation = { email: null, organisation: 'id-acme', created_by: 'olga' }
    await store.change('createInvitation', {
      ...invitation,
      id: '1',
      hash: 'one',
      expires_at: Date.now() + hour,
    })
    await store.change('createInvitation', {
      ...invitation,
      id: '2',
      hash: 'old',
      expires_at: Date.now() - hour,
    })
    await store.change('createUser', user('new', { invitation: 'one' }))
    expect(await store.listOrganisations({ limit: 5, member: 'id-new' })).toHaveLength(1)
    for (const hash of ['one', 'old', 'never']) {
      const late = store.change('createUser', user('late', { invitation: hash }))
      expect(await failureOf(late)).toMatchObject({ code: 'INVITATION_INVALID' })
    }
    expect(await store.findUser('late')).toBeUndefined()
  })

  test('an organisation keeps an owner, and loses its teams’ members with its own', async () => {
    const store = await open()
    await organise(store)
    const change = (name: string, role: 'owner' | 'member' | null) =>
      store.change('setMember', { organisation: 'id-acme', user: `id-${name}`, role })
    for (const role of ['member', null] as const)
      expect(await failureOf(change('olga', role))).toMatchObject({ code: 'LAST_OWNER' })
    await change('mia', 'owner')
    await change('olga', 'member')
    expect(await change('olga', null)).toBe(true)
    expect(await change('olga', null)).toBe(false)
    await change('olga', 'owner')
    await change('mia', null)
    expect(await store.listTeamMembers({ team: 'id-builders', limit: 5 })).toEqual([])
    expect(await store.change('setTeamMember', { team: 'id-builders', user: 'id-mia', member: true })).toBe(
      false,
    )
  })

  test('an organisation that goes takes its teams, robots, grants and tokens with it', async () => {
    const store = await open()
    await organise(store)
    await store.change('createRobot', { id: 'id-robot', organisation: 'id-acme', name: 'deploy' })
    await store.change('createAccessToken', accessToken({ owner_kind: 'robot', owner: 'id-robot' }))
    expect(await store.findAccessToken('hash of a token')).toMatchObject({
      owner: { kind: 'robot', name: 'acme+deploy', disabled: false },
    })
    const place = { resourceKind: 'repository', resource: 'x/y' } as const
    await store.change('setGrant', { subject: 'id-builders', subjectKind: 'team', ...place, role: 'write' })
    expect(await store.listGrantsOn({ kind: 'repository', resource: 'x/y', limit: 5 })).toMatchObject([
      { subjectName: 'acme/builders', role: 'write' },
    ])
    expect(await store.change('deleteOrganisation', { id: 'id-acme' })).toBe(true)
    expect(await store.findAccessToken('hash of a token')).toBeUndefined()
    expect(await store.listGrantsOn({ kind: 'repository', resource: 'x/y', limit: 5 })).toEqual([])
    expect(await store.findNamespace('acme')).toBeUndefined()
    expect(await store.change('deleteOrganisation', { id: 'id-acme' })).toBe(false)
  })

  test('an access token is found by its hash, goes with what came from it, and remembers its last use', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    await store.change('createAccessToken', accessToken())
    await store.change('putRefreshToken', {
      hash: 'r',
      owner_kind: 'user',
      owner: 'id-alice',
      access_token: 'id-token',
      generation: 1,
      service: 's',
      expires_at: Date.now() - 1,
    })
    await store.change('noteTokenUses', {
      uses: [
        { id: 'id-token', at: 5000 },
        { id: 'id-token', at: 4000 },
      ],
    })
    expect(await store.findAccessToken('hash of a token')).toMatchObject({ lastUsedAt: 5000, name: 'ci' })
    expect(await store.listAccessTokens({ owner: 'id-alice', limit: 5 })).toHaveLength(1)
    expect(await store.findRefreshToken('r')).toMatchObject({ accessToken: 'id-token' })
    expect(await store.change('expireRefreshTokens', { limit: 10 })).toBe(1)
    expect(await store.change('deleteAccessToken', { id: 'id-token' })).toBe(true)
    expect(await store.change('deleteAccessToken', { id: 'id-token' })).toBe(false)
    expect(await store.findAccessToken('hash of a token')).toBeUndefined()
  })

  test('an account has so many refresh tokens at the most, from its password and from each access token', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    await store.change('createAccessToken', accessToken())
    const put = (hash: string, from: string | null) =>
      store.change('putRefreshToken', {
        hash,
        owner_kind: 'user',
        owner: 'id-alice',
        access_token: from,
        generation: 1,
        service: 's',
        expires_at: Date.now() + hour,
      })
    await put('by-token', 'id-token')
    await put('first', null)
    await Bun.sleep(5)
    for (let count = 0; count < 199; count += 1) await put(`next-${count}`, null)
    expect(await store.findRefreshToken('first')).toBeDefined()
    await Bun.sleep(5)
    await put('last', null)
    expect(await store.findRefreshToken('first')).toBeUndefined()
    for (const hash of ['next-0', 'last', 'by-token'])
      expect(await store.findRefreshToken(hash)).toBeDefined()
  })

  test('several signing keys hold at once; only one is made where several processes make the first', async () => {
    const store = await open()
    const key = (kid: string) => ({ kid, algorithm: 'ES256', public_jwk: '{}', private_jwk: '{}' })
    expect(await store.change('putSigningKey', { ...key('a'), first: true })).toBe(true)
    expect(await store.change('putSigningKey', { ...key('b'), first: true })).toBe(false)
    await store.change('putSigningKey', { ...key('c'), first: false })
    expect(await store.change('retireSigningKeys', { except: 'c' })).toBe(1)
    const keys = await store.listSigningKeys()
    expect(keys.map(({ kid, retiredAt }) => [kid, retiredAt === undefined]).sort()).toEqual([
      ['a', false],
      ['c', true],
    ])
    expect(await store.change('deleteSigningKey', { kid: 'a' })).toBe(true)
    expect(await store.listSigningKeys()).toHaveLength(1)
  })
}
