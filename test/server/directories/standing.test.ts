import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { makeAccessToken } from '../../support/accounts.ts'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import {
  directoriesSetting,
  group,
  person,
  requireSlapd,
  startDirectory,
  type TestDirectory,
  whoIs,
} from '../../support/ldap.ts'

const ready = requireSlapd()

describe.skipIf(!ready)('who is gone from his directory', () => {
  let directory: TestDirectory
  let closed: ClosedRegistry
  let carol: { id: string; token: string; refresh: string }
  const recheck = 1000
  const later = () => Bun.sleep(recheck + 100)
  const dn = () => `uid=carol,ou=people,${directory.base}`
  const whoAmI = async (authorization: string) =>
    (await as(authorization, `${closed.url}/api/v1/whoami`)).status
  const byToken = () => whoAmI(basic({ name: 'carol', password: carol.token }))
  const byPassword = async () => (await whoIs(closed.url, 'carol', 'carol-in-corp')).status
  const byRefresh = async () => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: carol.refresh })
    return (await fetch(`${closed.url}/v2/token`, { method: 'POST', body })).status
  }
  const user = async () => {
    const answer = await as(basic(closed.root), `${closed.url}/api/v1/users/carol`)
    return (await answer.json()) as { disabled: boolean; admin: boolean }
  }

  const start = async (changes: object = {}) => {
    closed = await startClosedRegistry(
      directoriesSetting({ ...directory.settings, recheck: `${recheck}ms`, ...changes }),
    )
    const authorization = basic({ name: 'carol', password: 'carol-in-corp' })
    const answer = await as(authorization, `${closed.url}/v2/token?offline_token=true`)
    const { refresh_token } = (await answer.json()) as { refresh_token: string }
    const { id } = (await closed.metadata.findUser('carol')) ?? { id: '' }
    const { secret } = await makeAccessToken(closed.metadata, id)
    carol = { id, token: secret, refresh: refresh_token }
  }

  beforeEach(async () => {
    directory = await startDirectory({ name: 'corp' })
    await directory.add(person(directory, 'carol', 'carol-in-corp'))
  })
  afterEach(async () => {
    await closed[Symbol.asyncDispose]()
    await directory.kill()
  })

  test('has nothing that works any more, once what the directory said of him holds no longer', async () => {
    await start()
    const answer = await as(basic({ name: 'carol', password: carol.token }), `${closed.url}/v2/token`)
    const short = bearer(((await answer.json()) as { token: string }).token)
    expect([await byPassword(), await byToken(), await byRefresh(), await whoAmI(short)]).toEqual([
      200, 200, 200, 200,
    ])
    await directory.modify(`dn: ${dn()}\nchangetype: modify\nadd: employeeType\nemployeeType: gone`)
    // Remembered for as long as the setting says.
    expect([await byPassword(), await byToken()]).toEqual([200, 200])
    await later()
    expect([await byToken(), await byPassword(), await byRefresh(), await whoAmI(short)]).toEqual([
      401, 401, 401, 401,
    ])
    expect(await user()).toMatchObject({ disabled: true })
  })

  test('is let in again when he is back, with his tokens and as who he was', async () => {
    await start()
    await directory.modify(`dn: ${dn()}\nchangetype: modify\nadd: employeeType\nemployeeType: gone`)
    await later()
    expect(await byToken()).toBe(401)
    await directory.modify(`dn: ${dn()}\nchangetype: modify\ndelete: employeeType`)
    expect(await byPassword()).toBe(200)
    expect(await user()).toMatchObject({ disabled: false })
    expect((await closed.metadata.findUser('carol'))?.id).toBe(carol.id)
    expect(await byToken()).toBe(200)
    // It was given out before he went.
    expect(await byRefresh()).toBe(401)
  })

  test('stays out where an administrator says so meanwhile', async () => {
    await start()
    await directory.modify(`dn: ${dn()}\nchangetype: modify\nadd: employeeType\nemployeeType: gone`)
    await later()
    expect(await byToken()).toBe(401)
    const change = {
      method: 'PUT',
      body: '{"disabled":true}',
      headers: { 'Content-Type': 'application/json' },
    }
    expect((await as(basic(closed.root), `${closed.url}/api/v1/users/carol`, change)).status).toBe(200)
    await directory.modify(`dn: ${dn()}\nchangetype: modify\ndelete: employeeType`)
    expect(await byPassword()).toBe(401)
    expect(await user()).toMatchObject({ disabled: true })
  })

  test('is not let in with a password that was changed there', async () => {
    await start()
    await directory.modify(
      `dn: ${dn()}\nchangetype: modify\nreplace: userPassword\nuserPassword: carol-has-another`,
    )
    await later()
    expect(await byPassword()).toBe(401)
    expect((await whoIs(closed.url, 'carol', 'carol-has-another')).status).toBe(200)
  })

  test('keeps tokens while the directory is away, for as long as the setting says', async () => {
    await start({ outage: '4s', timeout: '500ms' })
    await directory.kill()
    await later()
    expect([await byToken(), await byRefresh(), await byPassword()]).toEqual([200, 200, 503])
    // What is remembered of the outage is forgotten after ten seconds.
    await Bun.sleep(11_000)
    expect([await byToken(), await byRefresh(), await byPassword()]).toEqual([503, 503, 503])
    expect(await user()).toMatchObject({ disabled: false })
    expect(await whoAmI(basic(closed.alice))).toBe(200)
  })

  test('loses what his groups gave him though he comes with a token alone', async () => {
    await directory.add(group(directory, 'chiefs', 'carol'))
    await start({ admins: ['chiefs'] })
    expect(await user()).toMatchObject({ admin: true })
    await directory.modify(
      `dn: cn=chiefs,ou=groups,${directory.base}\nchangetype: modify\nreplace: member\nmember: cn=nobody,${directory.base}`,
    )
    await later()
    expect(await byToken()).toBe(200)
    expect(await user()).toMatchObject({ admin: false })
  })

  test('is found by who he is there, whatever he is called and wherever he is moved to', async () => {
    await start()
    await directory.add(
      `dn: ou=moved,ou=people,${directory.base}\nobjectClass: organizationalUnit\nou: moved`,
    )
    await directory.modify(
      `dn: ${dn()}\nchangetype: modrdn\nnewrdn: uid=carola\ndeleteoldrdn: 1\nnewsuperior: ou=moved,ou=people,${directory.base}`,
    )
    await later()
    expect(await byToken()).toBe(200)
    expect(await whoIs(closed.url, 'carola', 'carol-in-corp')).toMatchObject({ status: 200, name: 'carol' })
  })
})
