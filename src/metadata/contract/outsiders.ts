import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Outsider } from '../changes/outsiders.ts'
import { organise, question, user } from './accounts-fixtures.ts'
import { failureOf, manifest, type OpenStore } from './fixtures.ts'

/** Somebody whom the directory corp knows; his subject is his name's. */
function outsider(name: string, changed: Partial<Outsider> = {}): Outsider {
  return {
    issuer: 'ldap:corp',
    subject: `subject of ${name}`,
    login: name,
    email: null,
    id: `id-${name}`,
    names: [name, `${name}-corp`, `${name}-corp-2`],
    teams: [],
    admin: null,
    ...changed,
  }
}

const of = (name: string) => ({ issuer: 'ldap:corp', subject: `subject of ${name}` })
const builders = { organisation: 'acme', team: 'builders' }

export function outsidersContract(open: OpenStore): void {
  test('an outsider gets an account once, which is found by his identity and has no password', async () => {
    const store = await open()
    const made = await store.change('admitOutsider', outsider('carol', { email: 'carol@corp.test' }))
    expect(made).toMatchObject({ id: 'id-carol', name: 'carol', created: true, disabled: false })
    const again = outsider('carol', { id: 'other', login: 'carola', names: ['carola'] })
    expect(await store.change('admitOutsider', again)).toMatchObject({
      id: 'id-carol',
      name: 'carol',
      generation: made.generation,
      created: false,
      changed: false,
    })
    expect(await store.findUser('carola')).toBeUndefined()
    expect(await store.findUser('carol')).toMatchObject({ issuer: 'ldap:corp', hasPassword: false })
    expect(await store.findUserByIdentity(of('carol'))).toMatchObject({ name: 'carol' })
    expect(await store.findSignIn('carol')).toMatchObject({ outside: of('carol'), passwordHash: undefined })
    expect((await store.findOutsideIdentity('id-carol'))?.checkedAt).toBeGreaterThan(Date.now() - 60_000)
    expect(await store.findNamespace('carol')).toMatchObject({ owner: 'carol' })
    expect((await store.listUsers({ limit: 10 })).map(({ issuer }) => issuer)).toEqual(['ldap:corp'])
  })

  test('of one outsider who comes many times at once, there is one account', async () => {
    const store = await open()
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        store.change('admitOutsider', outsider('carol', { id: `id-${at}` })),
      ),
    )
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    expect(await store.listUsers({ limit: 10 })).toHaveLength(1)
  })

  test('no name that is anybody’s, or that anything lies below, becomes an outsider’s', async () => {
    const store = await open()
    await organise(store)
    await store.change('putManifest', manifest('image', { repository: 'team/app' as RepositoryName }))
    for (const name of ['olga', 'acme', 'team']) {
      const taken = outsider('carol', { id: `id-of-${name}`, subject: name, names: [name, `${name}-corp`] })
      expect(await store.change('admitOutsider', taken)).toMatchObject({ name: `${name}-corp` })
    }
    const none = outsider('dora', { names: ['olga', 'acme'] })
    expect(await failureOf(store.change('admitOutsider', none))).toMatchObject({ code: 'NAME_TAKEN' })
    expect(await store.findUserByIdentity(of('dora'))).toBeUndefined()
    expect(await store.findSignIn('olga')).toMatchObject({ outside: undefined })
  })

  test('an outsider’s teams follow his groups, with the organisations that they take', async () => {
    const store = await open()
    await organise(store)
    await store.change('createTeam', { id: 'id-ops', organisation: 'id-acme', name: 'ops' })
    const absent = { organisation: 'acme', team: 'absent' }
    const come = (...teams: Outsider['teams']) => store.change('admitOutsider', outsider('carol', { teams }))
    const members = async (team: string) => store.listTeamMembers({ team, limit: 10 })
    const organisation = async () =>
      (await store.listMembers({ organisation: 'id-acme', limit: 10 })).map(({ name }) => name)

    expect(await come(builders, absent)).toMatchObject({ joined: ['id-builders'], left: [] })
    expect(await members('id-builders')).toEqual(['carol', 'mia'])
    expect(await organisation()).toContain('carol')
    expect(await come(builders)).toMatchObject({ joined: [], left: [] })
    expect(await come({ organisation: 'acme', team: 'ops' })).toMatchObject({
      joined: ['id-ops'],
      left: ['id-builders'],
    })
    expect(await members('id-builders')).toEqual(['mia'])
    expect(await come()).toMatchObject({ left: ['id-ops'] })
    expect(await organisation()).not.toContain('carol')
  })

  test('what somebody here gave an outsider stays, and what he was taken comes with the next look', async () => {
    const store = await open()
    await organise(store)
    const come = (...teams: Outsider['teams']) => store.change('admitOutsider', outsider('carol', { teams }))
    const member = (team: string) => ({ team, user: 'id-carol', member: true })
    const isIn = async () =>
      (await store.listTeamMembers({ team: 'id-builders', limit: 10 })).includes('carol')
    await come(builders)
    // It was the directory's; from now on it is the registry's own.
    await store.change('setTeamMember', member('id-builders'))
    await come()
    expect(await isIn()).toBe(true)
    await store.change('setTeamMember', { ...member('id-builders'), member: false })
    await come(builders)
    expect(await isIn()).toBe(true)
    await store.change('setMember', { organisation: 'id-acme', user: 'id-carol', role: 'owner' })
    await come()
    expect(await isIn()).toBe(false)
    const owners = await store.listMembers({ organisation: 'id-acme', limit: 10 })
    expect(owners).toContainEqual({ id: 'id-carol', name: 'carol', role: 'owner' })
  })

  test('an outsider is an administrator where the directory says so, and what he had ends with that', async () => {
    const store = await open()
    const first = await store.change('admitOutsider', outsider('carol', { admin: true }))
    expect(await store.findUser('carol')).toMatchObject({ admin: true })
    const silent = await store.change('admitOutsider', outsider('carol'))
    expect(silent).toMatchObject({ admin: true, generation: first.generation, changed: false })
    const last = await store.change('admitOutsider', outsider('carol', { admin: false }))
    expect(last).toMatchObject({ admin: false, changed: true, generation: first.generation + 1 })
    expect((await store.accessFacts(question({ user: 'id-carol' }))).account).toMatchObject({
      admin: false,
      generation: last.generation,
    })
  })

  test('an outsider whom his directory does not know is disabled until it does again', async () => {
    const store = await open()
    const { generation } = await store.change('admitOutsider', outsider('carol'))
    expect(await store.change('withdrawOutsider', of('carol'))).toBe('id-carol')
    expect(await store.change('withdrawOutsider', of('carol'))).toBeUndefined()
    expect(await store.findUser('carol')).toMatchObject({ disabled: true, generation: generation + 1 })
    expect(await store.change('admitOutsider', outsider('carol'))).toMatchObject({
      disabled: false,
      changed: true,
      generation: generation + 2,
    })
    expect(await store.change('withdrawOutsider', of('nobody'))).toBeUndefined()
  })

  test('an outsider whom an administrator disabled stays so, whatever his directory says', async () => {
    const store = await open()
    await store.change('admitOutsider', outsider('carol'))
    await store.change('setUser', { id: 'id-carol', disabled: true })
    expect(await store.change('withdrawOutsider', of('carol'))).toBeUndefined()
    expect(await store.change('admitOutsider', outsider('carol'))).toMatchObject({ disabled: true })
    await store.change('setUser', { id: 'id-carol', disabled: false })
    await store.change('withdrawOutsider', of('carol'))
    await store.change('setUser', { id: 'id-carol', disabled: true })
    expect(await store.change('admitOutsider', outsider('carol'))).toMatchObject({ disabled: true })
  })

  test('an outsider who is deleted leaves nothing, and comes back as another', async () => {
    const store = await open()
    await organise(store)
    await store.change('admitOutsider', outsider('carol', { teams: [builders] }))
    await store.change('putManifest', manifest('image', { repository: 'carol/app' as RepositoryName }))
    await store.change('deleteUser', { id: 'id-carol' })
    expect(await store.findUserByIdentity(of('carol'))).toBeUndefined()
    expect(await store.findOutsideIdentity('id-carol')).toBeUndefined()
    expect(await store.listTeamMembers({ team: 'id-builders', limit: 10 })).toEqual(['mia'])
    const back = outsider('carol', { id: 'id-anew', names: ['carol', 'carol-corp'] })
    // What lies in the namespace that he had is the administrators', and the name no stranger's.
    expect(await store.change('admitOutsider', back)).toMatchObject({ id: 'id-anew', name: 'carol-corp' })
  })

  test('a user of the registry’s own has no identity elsewhere', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    expect(await store.findOutsideIdentity('id-alice')).toBeUndefined()
    expect(await store.findUser('alice')).toMatchObject({ issuer: undefined })
  })
}
