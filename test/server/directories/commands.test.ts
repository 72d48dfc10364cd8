import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { berthExecutable, startBerth, temporaryDirectory } from '../../support/berth.ts'
import { basic, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import { attempt } from '../../support/command.ts'
import {
  directoriesSetting,
  group,
  person,
  requireSlapd,
  startDirectory,
  type TestDirectory,
  whoIs,
} from '../../support/ldap.ts'
import { metadataOf } from '../../support/metadata.ts'

const ready = requireSlapd()

describe.skipIf(!ready)('commands about directories', () => {
  let directory: TestDirectory
  let closed: ClosedRegistry
  let config: string
  let places: object[]

  beforeAll(async () => {
    directory = await startDirectory({ name: 'corp' })
    await directory.add(
      person(directory, 'carol', 'carol-in-corp', 'mail: carol@corp.test'),
      person(directory, 'Alice', 'alice-in-corp'),
      group(directory, 'dev', 'carol'),
    )
    places = [
      {
        ...directory.settings,
        teams: [{ group: 'dev', team: 'acme/dev' }],
        admins: ['chiefs'],
      },
      { name: 'dead', url: 'ldap://127.0.0.1:1', base: 'dc=dead', timeout: '500ms' },
    ]
    config = join(await temporaryDirectory(), 'berth.yaml')
    await Bun.write(config, JSON.stringify({ ldap: places }))
    closed = await startClosedRegistry({ args: ['--config', config] })
  }, 60_000)
  afterAll(async () => {
    await closed[Symbol.asyncDispose]()
    await directory.kill()
  })

  const berth = async (args: string[], input?: string) =>
    attempt(berthExecutable, args, {
      env: await metadataOf(closed.berth.data),
      ...(input === undefined ? {} : { input }),
    })
  const here = () => ['--data', closed.berth.data, '--config', config]

  test('tell of each directory whether it can be asked, and end with 1 where one can’t', async () => {
    const { exitCode, stdout } = await berth(['ldap', 'check', ...here()])
    expect(exitCode).toBe(1)
    expect(stdout).toContain('directory corp\n  answers   it can be searched\n')
    expect(stdout).toContain('the registry has no team acme/dev')
    expect(stdout).toMatch(/directory dead\n {2}failed {4}.*ECONNREFUSED/)
  })

  test('tell who somebody is there and what becomes of him here, and make nothing of it', async () => {
    const { stdout } = await berth(
      ['ldap', 'check', 'carol', '--password-stdin', '--output', 'json', ...here()],
      'carol-in-corp\n',
    )
    const { directories } = JSON.parse(stdout)
    expect(directories[0]).toMatchObject({
      directory: 'corp',
      failure: null,
      entries: 1,
      person: {
        dn: `uid=carol,ou=people,${directory.base}`,
        login: 'carol',
        email: 'carol@corp.test',
        account: 'carol',
        hasAccount: false,
        groups: [`cn=dev,ou=groups,${directory.base}`],
        teams: ['acme/dev'],
        admin: false,
        passwordIsRight: true,
      },
    })
    expect(await closed.metadata.findUser('carol')).toBeUndefined()
    const taken = await berth(['ldap', 'check', 'alice', ...here()])
    expect(taken.stdout).toContain('account   alice-corp, which the first sign-in makes')
  })

  test('ask the server, from where it stands, where that is told', async () => {
    const answer = await fetch(`${closed.url}/api/v1/directories/check`, {
      method: 'POST',
      headers: { Authorization: basic(closed.root), 'Content-Type': 'application/json' },
      body: JSON.stringify({ login: 'carol', password: 'wrong' }),
    })
    expect(await answer.json()).toMatchObject({
      directories: [{ person: { passwordIsRight: false } }, { failure: expect.any(String) }],
    })
    const refused = await fetch(`${closed.url}/api/v1/directories/check`, {
      method: 'POST',
      headers: { Authorization: basic(closed.alice), 'Content-Type': 'application/json' },
      body: '{}',
    })
    expect(refused.status).toBe(403)
  })

  test('say where an account comes from, and set no password for it', async () => {
    expect(await whoIs(closed.url, 'carol', 'carol-in-corp')).toMatchObject({ name: 'carol' })
    const shown = await berth(['user', 'show', 'carol', ...here()])
    expect(shown.stdout).toContain('password  known to the directory corp')
    expect((await berth(['user', 'show', 'alice', ...here()])).stdout).toContain('password  known here')
    expect((await berth(['user', 'list', ...here()])).stdout).toMatch(/carol +carol@corp\.test +corp/)
    const passwd = await berth(
      ['user', 'passwd', 'carol', '--password-stdin', ...here()],
      'another-lantern\n',
    )
    expect(passwd.exitCode).toBe(1)
    expect(passwd.stderr).toContain('signs in with the password that the directory corp knows')
  })
})

describe.skipIf(!ready)('a server that is started with a directory', () => {
  test('is closed from its start, though it has no account', async () => {
    const directory = await startDirectory({ name: 'corp' })
    await directory.add(person(directory, 'carol', 'carol-in-corp'), group(directory, 'chiefs', 'carol'))
    const setting = directoriesSetting({ ...directory.settings, admins: ['chiefs'] })
    const berth = await startBerth(setting)
    expect((await fetch(`${berth.url}/v2/`)).status).toBe(401)
    expect(await whoIs(berth.url, 'carol', 'carol-in-corp')).toMatchObject({ name: 'carol', admin: true })
    await berth.stop()
    // For good: what was closed by a setting is not opened by the lack of one.
    const again = await startBerth({ data: berth.data })
    expect((await fetch(`${again.url}/v2/`)).status).toBe(401)
    await again.stop()
    await directory.kill()
  })

  test('starts beside a directory that is away, and serves local accounts', async () => {
    const closed = await startClosedRegistry(
      directoriesSetting({ name: 'dead', url: 'ldap://127.0.0.1:1', base: 'dc=dead', timeout: '500ms' }),
    )
    expect(await whoIs(closed.url, 'alice', closed.alice.password)).toMatchObject({ name: 'alice' })
    expect(await whoIs(closed.url, 'carol', 'x')).toMatchObject({ status: 503 })
    await closed[Symbol.asyncDispose]()
  })

  test.each([
    [{ filter: '(uid)' }, 'the directory corp can’t be used'],
    [{ ca: '/nowhere.pem' }, 'the directory corp can’t be used'],
    [{ base: 'people' }, 'base must be a distinguished name'],
  ])('does not start with %j, and says why', async (changes, why) => {
    const place = { name: 'corp', url: 'ldap://127.0.0.1:1', base: 'dc=corp', ...changes }
    const started = startBerth(directoriesSetting(place))
    expect(started).rejects.toThrow(why)
    await started.catch(() => undefined)
  })

  test('lets people in through any of its workers', async () => {
    const directory = await startDirectory({ name: 'corp' })
    const names = ['carol', 'dora', 'emil', 'fritz']
    await directory.add(...names.map((name) => person(directory, name, `${name}-in-corp`)))
    const berth = await startBerth({ ...directoriesSetting(directory.settings), args: ['--workers', '2'] })
    const all = [...names, ...names, ...names, ...names]
    const found = await Promise.all(all.map((name) => whoIs(berth.url, name, `${name}-in-corp`)))
    expect(found.map(({ name }) => name)).toEqual(all)
    expect((await whoIs(berth.url, 'carol', 'wrong')).status).toBe(401)
    await berth.stop()
    await directory.kill()
  })
})
