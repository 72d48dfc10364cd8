import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { makeUser } from '../../support/accounts.ts'
import { berthExecutable, startBerth, temporaryDirectory } from '../../support/berth.ts'
import { as, basic, openStoresOf } from '../../support/closed-registry.ts'
import { attempt } from '../../support/command.ts'
import { metadataOf } from '../../support/metadata.ts'

const bcrypt = async (password: string) =>
  (await Bun.password.hash(password, { algorithm: 'bcrypt', cost: 4 })).replace('$2b$', '$2y$')

test('the users of an htpasswd file sign in beside a running server, which is closed from then on', async () => {
  const berth = await startBerth({ args: ['--log-level', 'error'] })
  const file = join(berth.data, '../', `htpasswd-${crypto.randomUUID()}`)
  const lines = [
    `alice:${await bcrypt('alice-lantern')}`,
    'bob:$apr1$abcdefgh$0123456789012345678901',
    `Not/A/Name:${await bcrypt('x')}`,
    `library:${await bcrypt('x')}`,
    `carol:${await bcrypt('carol-lantern')}`,
  ]
  await Bun.write(file, `${lines.join('\n')}\n`)
  const env = await metadataOf(berth.data)
  const importing = (...flags: string[]) =>
    attempt(
      berthExecutable,
      ['import', 'htpasswd', file, '--data', berth.data, '--output', 'json', ...flags],
      {
        env,
      },
    )
  const dry = await importing('--dry-run')
  expect(JSON.parse(dry.stdout)).toMatchObject({ made: ['alice', 'carol'], closed: false, dryRun: true })
  expect((await fetch(`${berth.url}/v2/`)).status).toBe(200)

  const first = await importing()
  expect(first.exitCode).toBe(1)
  expect(JSON.parse(first.stdout)).toMatchObject({
    made: ['alice', 'carol'],
    skipped: [
      { line: 2, name: 'bob', reason: expect.stringContaining('not bcrypt') },
      { line: 3, name: 'Not/A/Name' },
      { line: 4, name: 'library', reason: expect.stringContaining('reserved') },
    ],
    closed: true,
    administered: false,
  })
  expect((await fetch(`${berth.url}/v2/`)).status).toBe(401)
  for (const name of ['alice', 'carol', 'alice']) {
    expect((await as(basic({ name, password: `${name}-lantern` }), `${berth.url}/v2/`)).status).toBe(200)
  }
  expect((await as(basic({ name: 'alice', password: 'carol-lantern' }), `${berth.url}/v2/`)).status).toBe(401)
  expect(JSON.parse((await importing()).stdout)).toMatchObject({
    made: [],
    skipped: expect.arrayContaining([{ line: 1, name: 'alice', reason: 'there is such a user already' }]),
    closed: false,
  })
  await berth.stop()
})

test('a login is tried, remembered for its server, used by every command, and forgotten', async () => {
  const data = await temporaryDirectory()
  const directory = await openStoresOf(data)
  const admin = await makeUser(directory.metadata, { name: 'harbourmaster', admin: true })
  await directory[Symbol.asyncDispose]()
  const berth = await startBerth({ data, args: ['--log-level', 'error'] })
  const env = { XDG_CONFIG_HOME: await temporaryDirectory() }
  const command = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await attempt(berthExecutable, args, { env })
    return { exitCode, said: stdout + stderr }
  }
  const login = async (password: string) => {
    const args = ['login', berth.url, '--user', admin.name, '--password-stdin']
    const { exitCode, stderr } = await attempt(berthExecutable, args, { env, input: `${password}\n` })
    return { exitCode, said: stderr }
  }
  const list = () => command('repo', 'list', '--server', berth.url)

  expect(await list()).toMatchObject({
    exitCode: 1,
    said: expect.stringContaining(`berth login ${berth.url}`),
  })
  const wrong = await login('wrong-lantern')
  expect([wrong.exitCode, wrong.said]).toEqual([
    1,
    expect.stringContaining('the name or the password is wrong'),
  ])
  expect((await list()).exitCode).toBe(1)
  expect((await login(admin.password)).exitCode).toBe(0)
  expect((await list()).exitCode).toBe(0)
  expect((await command('read-only', 'status', '--server', `${berth.url}/`)).exitCode).toBe(0)
  expect((await command('logout', berth.url)).exitCode).toBe(0)
  const again = await command('logout', berth.url, '--output', 'json')
  expect(JSON.parse(again.said)).toEqual({ server: berth.url, signedOut: false })
  expect((await list()).exitCode).toBe(1)
  expect(await command('login', 'localhost:5000')).toMatchObject({ exitCode: 2 })
  await berth.stop()
})
