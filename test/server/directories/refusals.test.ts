import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import {
  directoriesSetting,
  logged,
  person,
  requireSlapd,
  startDirectory,
  type TestDirectory,
  whoIs,
} from '../../support/ldap.ts'

const ready = requireSlapd()

describe.skipIf(!ready)('a directory that answers, but does not do what it is asked for', () => {
  let directory: TestDirectory
  let closed: ClosedRegistry
  const sign = (name: string, password: string) => whoIs(closed.url, name, password)

  beforeAll(async () => {
    directory = await startDirectory({ name: 'corp' })
    await directory.add(
      person(directory, 'carol', 'carol-in-corp', 'employeeNumber: 7'),
      person(directory, 'bare', 'bare-in-corp'),
    )
    closed = await startClosedRegistry(
      directoriesSetting({ ...directory.settings, 'subject-attribute': 'employeeNumber', recheck: '500ms' }),
    )
  }, 60_000)
  afterAll(async () => {
    await closed[Symbol.asyncDispose]()
    await directory.kill()
  })

  test('keeps nobody out but the one whose entry lacks what an account is bound to', async () => {
    expect((await sign('bare', 'bare-in-corp')).status).toBe(503)
    await logged(closed.berth, 'a directory refuses what a sign-in needs')
    await logged(closed.berth, 'shows no employeeNumber to who searches')
    expect(await sign('carol', 'carol-in-corp')).toMatchObject({ name: 'carol' })
    expect((await sign('bare', 'bare-in-corp')).status).toBe(503)
    expect(await sign('carol', 'carol-in-corp')).toMatchObject({ name: 'carol' })
  })

  test('is told of with what it said, where the one who searches may not', async () => {
    await directory.modify(
      `dn: cn=berth,ou=services,${directory.base}\nchangetype: modify\nreplace: userPassword\nuserPassword: changed`,
    )
    await Bun.sleep(600)
    expect((await sign('carol', 'carol-in-corp')).status).toBe(503)
    await logged(
      closed.berth,
      `the bind of cn=berth,ou=services,${directory.base} was refused: the password is wrong`,
    )
  })

  test('is counted in the metrics, with what was answered and what was not', async () => {
    const text = await (
      await fetch(`${closed.url}/metrics`, {
        headers: { Authorization: `Basic ${btoa(`harbourmaster:${closed.root.password}`)}` },
      })
    ).text()
    expect(Number(/^berth_directory_answers_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(3)
    expect(Number(/^berth_directory_failures_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0)
  })
})
