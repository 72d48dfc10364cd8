import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import {
  directoriesSetting,
  person,
  requireSlapd,
  startDirectory,
  type TestDirectory,
  whoIs,
} from '../../support/ldap.ts'

const ready = requireSlapd()

describe.skipIf(!ready)('whoever attacks through a directory', () => {
  let directory: TestDirectory
  let closed: ClosedRegistry
  /** From an address of its own each time, so that what is tried is not held back before it arrives. */
  let addresses = 0
  async function sign(
    name: string,
    password: string,
    address = `10.0.${addresses++ >> 8}.${addresses & 255}`,
  ) {
    const headers = {
      Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
      'X-Forwarded-For': address,
    }
    const answer = await fetch(`${closed.url}/api/v1/whoami`, { headers })
    return { status: answer.status, text: await answer.text() }
  }

  beforeAll(async () => {
    // As some servers are set: a bind with a name and without a password is taken for an anonymous one, and says yes.
    directory = await startDirectory({ name: 'corp', global: 'allow bind_anon_dn\nallow bind_anon_cred' })
    await directory.add(
      person(directory, 'carol', 'carol-in-corp', 'mail: carol@corp.test'),
      person(directory, 'st*r', 'star-in-corp'),
      person(directory, 'pa)(ren', 'paren-in-corp'),
      person(directory, 'back\\slash', 'slash-in-corp'),
      person(directory, 'com,ma', 'comma-in-corp'),
    )
    closed = await startClosedRegistry({
      ...directoriesSetting({ ...directory.settings, 'login-attributes': ['uid', 'mail'] }),
      args: ['--http-trusted-proxies', '127.0.0.1'],
    })
  }, 60_000)
  afterAll(async () => {
    await closed[Symbol.asyncDispose]()
    await directory.kill()
  })

  test('signs in as nobody without a password, though the directory itself says yes to that', async () => {
    const dn = `uid=carol,ou=people,${directory.base}`
    const bind = Bun.spawn(['ldapwhoami', '-x', '-H', directory.url, '-D', dn, '-w', ''], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    expect(await bind.exited).toBe(0)
    for (const name of ['carol', 'alice', 'nobody', '', 'carol@corp.test'])
      expect((await sign(name, '')).status).toBe(401)
  })

  test.each([
    '*',
    'c*',
    'ca?ol',
    'carol)(uid=*',
    '*)(objectClass=*',
    'carol)(|(uid=*',
    ')(cn=*))(|(cn=*',
    'carol\\2a',
    '\\63arol',
    'carol\0',
    'carol\n',
    'x)(mail=carol@corp.test',
    `uid=carol,ou=people,dc=corp,dc=test`,
    'carol,ou=people',
    '(uid=carol)',
    'PLAIN',
    'EXTERNAL',
    '{dn}',
    'c'.repeat(300),
    '\ud800',
    '💣',
  ])('gets nowhere with the name %p', async (name) => {
    for (const password of ['carol-in-corp', '*', 'x']) {
      const { status } = await sign(name, password)
      expect(status).toBe(401)
    }
  })

  test.each([
    ['st*r', 'star-in-corp', 'st-r'],
    ['pa)(ren', 'paren-in-corp', 'pa-ren'],
    ['back\\slash', 'slash-in-corp', 'back-slash'],
    ['com,ma', 'comma-in-corp', 'com-ma'],
  ])('keeps nobody out who is called %s there', async (name, password, account) => {
    expect(JSON.parse((await sign(name, password)).text)).toMatchObject({ name: account })
  })

  test('learns nothing from what it is answered: an unknown name and a wrong password look alike', async () => {
    const answers = await Promise.all([
      sign('carol', 'wrong'),
      sign('unknown', 'wrong'),
      sign('bob', 'wrong'),
    ])
    const texts = answers.map(({ text }) => text.replaceAll(/[0-9a-f-]{8,}/g, ''))
    expect(new Set(texts).size).toBe(1)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  })

  test('is held back by account and address, before the directory is asked, in whatever form it writes the name', async () => {
    const attacker = '192.0.2.66'
    const statuses: number[] = []
    for (let tries = 0; tries < 12; tries += 1)
      statuses.push((await sign('carol', `guess-${tries}`, attacker)).status)
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401))
    expect(statuses.slice(10)).toEqual([429, 429])
    // Other forms of the name are other names at first; whom they find is the same.
    expect((await sign('CAROL', 'guess', attacker)).status).toBe(429)
    expect((await sign('carol@corp.test', 'carol-in-corp', attacker)).status).toBe(429)
    expect((await sign('carol', 'carol-in-corp', '192.0.2.67')).status).toBe(200)
  })

  test('who is in the directory is let in beside all this', async () => {
    expect(await whoIs(closed.url, 'carol', 'carol-in-corp')).toMatchObject({ status: 200, name: 'carol' })
  })
})
