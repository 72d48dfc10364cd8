import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../../support/berth.ts'
import { basic } from '../../support/closed-registry.ts'
import { pushImage } from '../../support/push.ts'

const bin = process.env.BERTH_BIN ?? join(import.meta.dir, '../../../bin/berth')
const password = 'nine-tidal-lanterns'

interface Run {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command with something on its standard input. */
async function run(
  args: readonly string[],
  { home, input = '' }: { home: string; input?: string },
): Promise<Run> {
  const child = Bun.spawn([bin, ...args], {
    env: {
      ...process.env,
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      USER: 'operator',
      SUDO_USER: '',
    },
    stdin: new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { exitCode, stdout, stderr }
}

describe.each([
  ['on the data directory', (berth: RunningBerth) => ['--data', berth.data]],
  ['on a server, signed in', (berth: RunningBerth) => ['--server', berth.url]],
] as const)('access is managed %s', (_name, way) => {
  let berth: RunningBerth
  let home: string
  beforeAll(async () => {
    home = await temporaryDirectory()
    berth = await startBerth({ args: ['--log-level', 'error', '--access-registration', 'invite'] })
  })
  afterAll(() => berth.stop())

  const berthRun = (args: string[], input = '') => run([...args, ...way(berth)], { home, input })
  const text = async (args: string[], input = '') => {
    const result = await berthRun(args, input)
    if (result.exitCode !== 0) throw new Error(`${args.join(' ')}: ${result.stderr}`)
    return result.stdout
  }
  const json = async (...args: string[]) => JSON.parse(await text([...args, '--output', 'json']))
  const pull = async (repository: string, authorization?: string) => {
    const headers: Record<string, string> = authorization ? { Authorization: authorization } : {}
    const answer = await fetch(`${berth.url}/v2/${repository}/manifests/latest`, { headers })
    await answer.bytes()
    return answer.status
  }

  test('the first user closes the registry and is told so', async () => {
    const { url } = berth
    await pushImage({ url, repository: 'early/app' })
    const code = way(berth)[0] === '--server' ? ['--setup-code', setupCodeOf(berth)] : []
    const add = ['user', 'add', 'alice', '--password-stdin', ...code]
    const weak = await berthRun([...add, '--admin'], 'alice1\n')
    expect(weak).toMatchObject({ exitCode: 1, stdout: '' })
    expect(weak.stderr).toContain('the password is too short')
    const none = await berthRun(add, `${password}\n`)
    expect(none.stderr).toContain('--admin')
    expect(await pull('early/app')).toBe(200)
    const made = await text([...add, '--admin'], `${password}\n`)
    expect(made).toContain('The registry is closed now')
    expect(made).toContain('private, and\nthe administrators’')
    expect(await pull('early/app')).toBe(401)
    expect(await pull('early/app', basic({ name: 'alice', password }))).toBe(200)
    await run(['login', url, '--user', 'alice', '--password-stdin'], { home, input: `${password}\n` })
    expect(await json('whoami')).toMatchObject({ admin: true })
    expect(await text(['repo', 'list'])).toMatch(/^early\/app +private /m)
  }, 30_000)

  test('an organisation, its team, and what is granted to it', async () => {
    await text(['user', 'add', 'bob', '--email', 'bob@example.com', '--password-stdin'], `${password}\n`)
    await text(['org', 'add', 'acme', '--owner', 'alice'])
    expect(await text(['team', 'list', 'acme'])).toContain('berth team add acme/TEAM')
    await text(['team', 'add', 'acme/builders'])
    const early = await berthRun(['team', 'member', 'add', 'acme/builders', 'bob'])
    expect(early.stderr).toContain('berth org member add acme bob')
    await text(['org', 'member', 'add', 'acme', 'bob'])
    await text(['team', 'member', 'add', 'acme/builders', 'bob'])
    expect(await json('team', 'show', 'acme/builders')).toMatchObject({ members: ['bob'] })
    const explain = () => json('access', 'explain', 'bob', 'push', 'acme/app')
    expect(await explain()).toMatchObject({ allow: false })
    expect(await text(['grant', 'write', 'acme/builders', 'on', 'acme'])).toBe(
      'the team acme/builders has write on everything below acme/\n',
    )
    expect(await explain()).toMatchObject({ allow: true })
    const authorization = basic({ name: 'bob', password })
    await pushImage({ url: berth.url, repository: 'acme/app', authorization })
    expect(await pull('acme/app', authorization)).toBe(200)
    expect((await json('access', 'list', 'acme')).grants).toMatchObject([{ subject: 'acme/builders' }])
    expect((await berthRun(['revoke', 'read', 'acme/builders', 'on', 'acme'])).exitCode).toBe(1)
    await text(['revoke', 'write', 'acme/builders', 'on', 'acme'])
    expect(await pull('acme/app', authorization)).toBe(404)
  }, 30_000)

  test('a repository is public or private, and so are the next ones of its namespace', async () => {
    const authorization = basic({ name: 'alice', password })
    const push = (repository: string) => pushImage({ url: berth.url, repository, authorization })
    await push('alice/app')
    expect(await pull('alice/app')).toBe(401)
    await text(['repo', 'set', 'alice/app', '--visibility', 'public'])
    expect(await pull('alice/app')).toBe(200)
    await text(['namespace', 'set', 'alice', '--visibility', 'public'])
    await push('alice/next')
    expect(await pull('alice/next')).toBe(200)
    expect((await berthRun(['namespace', 'set', 'library', '--owner', 'bob'])).stderr).toContain('stays so')
    expect((await berthRun(['repo', 'set', 'alice/absent', '--visibility', 'public'])).exitCode).toBe(1)
  }, 30_000)

  test('a token goes in the place of a password, for as much as it says, until it is revoked', async () => {
    const scope = ['--scope', 'alice/app:pull', '--expires', '30d']
    const created = await text(['token', 'create', '--user', 'alice', ...scope, '--quiet'])
    expect(created).toMatch(/^berth_pat_[0-9A-Za-z]{49}\n$/)
    const authorization = basic({ name: 'alice', password: created.trim() })
    await text(['repo', 'set', 'alice/app', '--visibility', 'private'])
    expect(await pull('alice/app', authorization)).toBe(200)
    expect(await pull('early/app', authorization)).toBe(401)
    const { tokens } = await json('token', 'list', '--user', 'alice')
    expect(tokens).toMatchObject([{ scopes: ['alice/app:pull'], expired: false }])
    expect(JSON.stringify(tokens)).not.toContain('berth_pat')
    await text(['token', 'revoke', tokens[0].id])
    expect(await pull('alice/app', authorization)).toBe(401)
    expect((await berthRun(['token', 'create', '--user', 'alice', '--scope', 'alice'])).exitCode).toBe(2)
  }, 30_000)

  test('a robot pulls and pushes in its organisation until it is disabled', async () => {
    await text(['robot', 'add', 'acme+deploy'])
    const created = await text(['robot', 'token', 'acme+deploy', '--scope', 'acme/**:pull,push', '--quiet'])
    const authorization = basic({ name: 'acme+deploy', password: created.trim() })
    await pushImage({ url: berth.url, repository: 'acme/robots', authorization })
    await text(['robot', 'disable', 'acme+deploy'])
    expect(await pull('acme/robots', authorization)).toBe(401)
    await text(['robot', 'enable', 'acme+deploy'])
    expect(await pull('acme/robots', authorization)).toBe(200)
    await text(['robot', 'delete', 'acme+deploy', '--yes'])
    expect(await pull('acme/robots', authorization)).toBe(401)
  }, 30_000)

  test('an invitation makes one account, in the organisation that it names', async () => {
    const created = await text(['invite', 'create', '--organisation', 'acme', '--quiet'])
    const register = async (name: string, invitation?: string) => {
      const answer = await fetch(`${berth.url}/api/v1/registration`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name, password, invitation }),
      })
      await answer.bytes()
      return answer.status
    }
    expect(await register('carol')).toBe(403)
    expect(await register('carol', created.trim())).toBe(200)
    expect(await register('dora', created.trim())).toBe(403)
    const { members } = await json('org', 'show', 'acme')
    expect(members).toContainEqual({ name: 'carol', role: 'member' })
  }, 30_000)

  test('who is disabled or deleted is out at once, and the registry stays closed', async () => {
    const authorization = basic({ name: 'bob', password })
    const greeted = async () =>
      (await fetch(`${berth.url}/v2/`, { headers: { Authorization: authorization } })).status
    expect(await greeted()).toBe(200)
    await text(['user', 'disable', 'bob'])
    expect(await greeted()).toBe(401)
    await text(['user', 'enable', 'bob'])
    expect(await greeted()).toBe(200)
    expect((await berthRun(['user', 'delete', 'bob'])).exitCode).toBe(2)
    await text(['user', 'delete', 'bob', '--yes'])
    expect(await greeted()).toBe(401)
    expect(await text(['user', 'list'])).not.toMatch(/^bob /m)
  }, 30_000)
})

/** The code that the first lines of a server show while there are no users. */
function setupCodeOf(berth: RunningBerth): string {
  return /set-up code ((?:[a-z0-9]{4}-){3}[a-z0-9]{4})/.exec(berth.output())?.[1] ?? ''
}

test('over the network the first account takes the set-up code, wherever a request seems to come from', async () => {
  const berth = await startBerth({ args: ['--log-level', 'error'] })
  const create = async (body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${berth.url}/api/v1/users`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ name: 'mallory', password, admin: true, ...body }),
    })
    await answer.bytes()
    return answer.status
  }
  // As itself, and as proxies and tunnels on the same machine pass on what comes from anywhere.
  for (const headers of [
    {},
    { Host: new URL(berth.url).host, Connection: 'close' },
    { Host: 'localhost' },
    { Host: 'registry.example.com' },
    { 'X-Forwarded-For': '127.0.0.1' },
    { 'X-Forwarded-For': '198.51.100.1' },
    { Forwarded: 'for="[::1]"' },
  ] as Record<string, string>[]) {
    expect(await create({}, headers)).toBe(403)
    expect(await create({ setupCode: 'aaaa-aaaa-aaaa-aaaa' }, headers)).toBe(403)
  }
  expect((await fetch(`${berth.url}/v2/`)).status).toBe(200)
  const list = await run(['user', 'list', '--data', berth.data], { home: berth.data })
  expect(list.stdout).toContain('who closes the registry if it is open')
  expect(await create({ setupCode: setupCodeOf(berth) })).toBe(200)
  expect(await create({ setupCode: setupCodeOf(berth), name: 'other' })).toBe(401)
  await berth.stop()
}, 30_000)
