import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { basic, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import {
  directoriesSetting,
  group,
  logged,
  person,
  requireSlapd,
  startDirectory,
  type TestDirectory,
  whoIs,
} from '../../support/ldap.ts'

const ready = requireSlapd()

describe.skipIf(!ready)('a registry with two directories', () => {
  let first: TestDirectory
  let second: TestDirectory
  let closed: ClosedRegistry
  const sign = (name: string, password: string) => whoIs(closed.url, name, password)
  const api = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${closed.url}/api/v1${path}`, {
      method,
      headers: { Authorization: basic(closed.root), 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }

  beforeAll(async () => {
    first = await startDirectory({ name: 'corp' })
    second = await startDirectory({ name: 'partner' })
    await first.add(
      person(first, 'carol', 'carol-in-corp', 'mail: carol@corp.test', 'employeeNumber: 7'),
      person(first, 'alice', 'alice-in-corp', 'mail: alice@corp.test'),
      person(first, 'Jürgen.Müller', 'juergen-in-corp'),
      person(first, 'admin', 'admin-in-corp'),
      person(first, 'both', 'both-in-corp'),
      person(first, 'gone', 'gone-in-corp', 'employeeType: gone'),
      person(first, 'twin', 'twin-in-corp', 'mail: shared@corp.test'),
      person(first, 'twin2', 'twin2-in-corp', 'mail: shared@corp.test'),
      group(first, 'dev', 'carol'),
      group(first, 'ops', 'both'),
      group(first, 'chiefs', 'both'),
    )
    await second.add(
      person(second, 'both', 'both-in-partner'),
      person(second, 'dora', 'dora-in-partner'),
      person(second, 'jurgen.muller', 'jurgen-in-partner'),
    )
    closed = await startClosedRegistry(
      directoriesSetting(
        {
          ...first.settings,
          'login-attributes': ['uid', 'mail'],
          recheck: '1s',
          teams: [
            { group: `CN=dev, ou=groups, ${first.base}`, team: 'acme/dev' },
            { group: 'ops', team: 'acme/ops' },
            { group: 'ops', team: 'absent/team' },
          ],
          admins: ['chiefs'],
        },
        { ...second.settings, recheck: '1s' },
      ),
    )
    await api('POST', '/organisations', { name: 'acme', owner: 'alice' })
    for (const name of ['dev', 'ops', 'own']) await api('POST', '/organisations/acme/teams', { name })
  }, 60_000)
  afterAll(async () => {
    await closed[Symbol.asyncDispose]()
    await Promise.all([first.kill(), second.kill()])
  })

  const members = async (team: string) =>
    (await api('GET', `/organisations/acme/teams/${team}/members`)).members

  test('lets people in with the password of their directory, and makes them an account', async () => {
    expect(await sign('carol', 'carol-in-corp')).toMatchObject({ status: 200, name: 'carol', admin: false })
    expect(await api('GET', '/users/carol')).toMatchObject({
      directory: 'corp',
      email: 'carol@corp.test',
      disabled: false,
    })
    expect(await api('GET', '/namespaces/carol')).toMatchObject({ owner: 'carol', ownerKind: 'user' })
    expect(await sign('dora', 'dora-in-partner')).toMatchObject({ name: 'dora' })
    expect(await api('GET', '/users/dora')).toMatchObject({ directory: 'partner' })
  })

  test('takes whatever form of a name the directory takes for the same account', async () => {
    for (const form of ['carol', 'CAROL', 'carol@corp.test', ' carol ']) {
      expect(await sign(form, 'carol-in-corp')).toMatchObject({ name: 'carol' })
    }
  })

  test('asks the directories in their order: the first that knows a name decides', async () => {
    expect(await sign('both', 'both-in-partner')).toMatchObject({ status: 401 })
    expect(await sign('both', 'both-in-corp')).toMatchObject({ status: 200, name: 'both' })
  })

  test('lets a local account in with its local password alone', async () => {
    expect(await sign('alice', 'alice-in-corp')).toMatchObject({ status: 401 })
    expect(await sign('alice', closed.alice.password)).toMatchObject({ name: 'alice' })
  })

  test('gives nobody a name that is somebody’s or reserved, but another one', async () => {
    expect(await sign('alice@corp.test', 'alice-in-corp')).toMatchObject({ name: 'alice-corp' })
    expect(await sign('alice-corp', 'alice-in-corp')).toMatchObject({ name: 'alice-corp' })
    expect(await sign('admin', 'admin-in-corp')).toMatchObject({ name: 'admin-corp', admin: false })
  })

  test('maps names that no repository may have, and keeps two that map to one apart', async () => {
    expect(await sign('Jürgen.Müller', 'juergen-in-corp')).toMatchObject({ name: 'jurgen.muller' })
    expect(await sign('jürgen.müller', 'juergen-in-corp')).toMatchObject({ name: 'jurgen.muller' })
    // The account of that name is in the other directory's hands by now.
    expect(await sign('jurgen.muller', 'jurgen-in-partner')).toMatchObject({ status: 401 })
    expect(await sign('jurgen.muller', 'juergen-in-corp')).toMatchObject({ name: 'jurgen.muller' })
  })

  test('keeps out whom the filter leaves out, and whose name two entries answer to', async () => {
    expect(await sign('gone', 'gone-in-corp')).toMatchObject({ status: 401 })
    expect(await sign('shared@corp.test', 'twin-in-corp')).toMatchObject({ status: 401 })
    await logged(closed.berth, 'several entries of a directory answer to one name')
    expect(await sign('twin', 'twin-in-corp')).toMatchObject({ name: 'twin' })
  })

  test('makes groups memberships of teams, and takes them back with the group', async () => {
    await sign('carol', 'carol-in-corp')
    expect(await members('dev')).toEqual(['carol'])
    await first.modify(
      `dn: cn=dev,ou=groups,${first.base}\nchangetype: modify\nreplace: member\nmember: cn=nobody,${first.base}`,
    )
    await Bun.sleep(1100)
    await sign('carol', 'carol-in-corp')
    expect(await members('dev')).toEqual([])
    const { members: organisation } = await api('GET', '/organisations/acme/members')
    expect(organisation.map(({ name }: { name: string }) => name)).not.toContain('carol')
  })

  test('leaves memberships alone that somebody here gave', async () => {
    await api('PUT', '/organisations/acme/members/carol', { role: 'member' })
    await api('PUT', '/organisations/acme/teams/own/members/carol', {})
    await Bun.sleep(1100)
    await sign('carol', 'carol-in-corp')
    expect(await members('own')).toEqual(['carol'])
  })

  test('makes the members of its groups of administrators some, and ends that with the group', async () => {
    expect(await sign('both', 'both-in-corp')).toMatchObject({ admin: true })
    expect(await members('ops')).toEqual(['both'])
    await first.modify(
      `dn: cn=chiefs,ou=groups,${first.base}\nchangetype: modify\nreplace: member\nmember: cn=nobody,${first.base}`,
    )
    await Bun.sleep(1100)
    expect(await sign('both', 'both-in-corp')).toMatchObject({ admin: false })
  })

  test('knows who is renamed in his directory, and who has got his name since', async () => {
    const base = `ou=people,${first.base}`
    await first.add(person(first, 'erika', 'erika-the-first'))
    expect(await sign('erika', 'erika-the-first')).toMatchObject({ name: 'erika' })
    await first.modify(
      `dn: uid=erika,${base}\nchangetype: modrdn\nnewrdn: uid=erika.married\ndeleteoldrdn: 1`,
    )
    expect(await sign('erika.married', 'erika-the-first')).toMatchObject({ name: 'erika' })
    // Her account's name still finds her, for as long as nobody has it there.
    expect(await sign('erika', 'erika-the-first')).toMatchObject({ name: 'erika' })
    await first.add(person(first, 'erika', 'erika-the-second'))
    expect(await sign('erika', 'erika-the-second')).toMatchObject({ name: 'erika-corp' })
    expect(await sign('erika.married', 'erika-the-first')).toMatchObject({ name: 'erika' })
  })

  test('sets no password of its own for who has one there', async () => {
    const answer = await fetch(`${closed.url}/api/v1/users/carol/password`, {
      method: 'PUT',
      headers: { Authorization: basic(closed.root), 'Content-Type': 'application/json' },
      body: JSON.stringify({ password: 'another-tidal-lantern' }),
    })
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('the password that the directory corp knows')
  })

  test('lets one person in many times at once with one account', async () => {
    await first.add(person(first, 'crowd', 'crowd-in-corp'))
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, at) => sign(at % 2 ? 'crowd' : 'Crowd', 'crowd-in-corp')),
    )
    expect(new Set(all.map(({ name }) => name))).toEqual(new Set(['crowd']))
  })

  test('lets in at once whose account was changed here a moment ago, by whatever name', async () => {
    await first.add(person(first, 'Gerd', 'gerd-in-corp', 'mail: gerd@corp.test'))
    const names = ['gerd', 'gerd@corp.test']
    for (const name of names) expect(await sign(name, 'gerd-in-corp')).toMatchObject({ admin: false })
    await api('PUT', '/users/gerd', { email: 'other@corp.test', disabled: true })
    for (const name of names) expect(await sign(name, 'gerd-in-corp')).toMatchObject({ status: 401 })
    await api('PUT', '/users/gerd', { disabled: false })
    for (const name of names) expect(await sign(name, 'gerd-in-corp')).toMatchObject({ name: 'gerd' })
    await api('DELETE', '/users/gerd')
    for (const name of names) expect(await sign(name, 'gerd-in-corp')).toMatchObject({ name: 'gerd' })
  })

  test('lets in who has an account while the registry is read-only, and makes none then', async () => {
    await first.add(person(first, 'hanna', 'hanna-in-corp'), person(first, 'ines', 'ines-in-corp'))
    expect(await sign('hanna', 'hanna-in-corp')).toMatchObject({ name: 'hanna' })
    await api('PUT', '/read-only', { readOnly: true })
    await Bun.sleep(1100)
    expect(await sign('hanna', 'hanna-in-corp')).toMatchObject({ name: 'hanna' })
    const made = await sign('ines', 'ines-in-corp')
    expect([made.status, made.text]).toEqual([
      503,
      expect.stringContaining('an account for you is made later'),
    ])
    await api('PUT', '/read-only', { readOnly: false })
    expect(await sign('ines', 'ines-in-corp')).toMatchObject({ name: 'ines' })
  })

  test('puts the same wrong password to the directory once, so that nobody is locked out there by a job', async () => {
    const wrong = { status: 401 }
    for (let tries = 0; tries < 5; tries += 1)
      expect(await sign('dora', 'an-old-password')).toMatchObject(wrong)
    await second.modify(
      `dn: uid=dora,ou=people,${second.base}\nchangetype: modify\nreplace: userPassword\nuserPassword: an-old-password`,
    )
    expect(await sign('dora', 'an-old-password')).toMatchObject(wrong)
    expect(await sign('Dora', 'an-old-password')).toMatchObject({ name: 'dora' })
  })

  test('disables for good whom an administrator disables, whatever the directory says', async () => {
    await first.add(person(first, 'frank', 'frank-in-corp'))
    expect(await sign('frank', 'frank-in-corp')).toMatchObject({ name: 'frank' })
    await api('PUT', '/users/frank', { disabled: true })
    expect(await sign('frank', 'frank-in-corp')).toMatchObject({ status: 401 })
    await Bun.sleep(1100)
    expect(await sign('frank', 'frank-in-corp')).toMatchObject({ status: 401 })
  })
})
