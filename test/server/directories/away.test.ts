import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
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

describe.skipIf(!ready)('a directory that is away', () => {
  let first: TestDirectory
  let second: TestDirectory
  let closed: ClosedRegistry
  const sign = (name: string, password: string) => whoIs(closed.url, name, password)
  const timed = async <T>(act: () => Promise<T>) => {
    const start = performance.now()
    const result = await act()
    return { result, took: performance.now() - start }
  }

  beforeEach(async () => {
    first = await startDirectory({ name: 'corp' })
    second = await startDirectory({ name: 'partner' })
    await first.add(person(first, 'carol', 'carol-in-corp'))
    await second.add(person(second, 'dora', 'dora-in-partner'), person(second, 'carol', 'carol-in-partner'))
    closed = await startClosedRegistry(
      directoriesSetting(
        { ...first.settings, recheck: '1s', timeout: '1s' },
        { ...second.settings, recheck: '1s', timeout: '1s' },
      ),
    )
  })
  afterEach(async () => {
    await closed[Symbol.asyncDispose]()
    await Promise.all([first.kill(), second.kill()])
  })

  test.each(['frozen', 'dead'])('says so, when it is %s, and lets local accounts in as ever', async (how) => {
    expect(await sign('carol', 'carol-in-corp')).toMatchObject({ status: 200 })
    expect(await sign('dora', 'dora-in-partner')).toMatchObject({ status: 200 })
    await Bun.sleep(1100)
    if (how === 'dead') await first.kill()
    else await first.freeze()
    const answer = await sign('carol', 'carol-in-corp')
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text).errors[0]).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('the password may be right'),
    })
    await logged(closed.berth, 'a directory does not answer: its people can’t sign in directory=corp')
    // Who is bound to another is not held up, and a local account neither: the hash alone takes its time.
    const other = await timed(() => sign('dora', 'dora-in-partner'))
    expect(other.result).toMatchObject({ status: 200, name: 'dora' })
    const local = await timed(() => sign('alice', closed.alice.password))
    expect(local.result).toMatchObject({ status: 200, name: 'alice' })
    expect(Math.max(other.took, local.took)).toBeLessThan(900)
    if (how === 'frozen') first.thaw()
    else await first.revive()
    for (let tries = 0; tries < 60 && (await sign('carol', 'carol-in-corp')).status === 503; tries += 1)
      await Bun.sleep(100)
    expect(await sign('carol', 'carol-in-corp')).toMatchObject({ status: 200, name: 'carol' })
    await logged(closed.berth, 'a directory answers again directory=corp')
  })

  test('lets no later one answer for a name that it may know', async () => {
    await first.kill()
    expect(await sign('carol', 'carol-in-partner')).toMatchObject({ status: 503 })
    expect(await sign('dora', 'dora-in-partner')).toMatchObject({ status: 503 })
  })

  test('is waited for once and not by everybody', async () => {
    await first.freeze()
    const { result, took } = await timed(() =>
      Promise.all(Array.from({ length: 40 }, (_, at) => sign(`nobody-${at}`, 'some-password'))),
    )
    expect(new Set(result.map(({ status }) => status))).toEqual(new Set([503]))
    expect(took).toBeLessThan(5000)
    const next = await timed(() => sign('nobody', 'some-password'))
    expect(next.result.status).toBe(503)
    expect(next.took).toBeLessThan(700)
  })

  test('is not held against who tries: the right password is taken when it is back', async () => {
    await first.kill()
    for (let tries = 0; tries < 15; tries += 1)
      expect(await sign('carol', 'carol-in-corp')).toMatchObject({ status: 503 })
    await first.revive()
    await Bun.sleep(2100)
    for (let tries = 0; tries < 60 && (await sign('carol', 'carol-in-corp')).status === 503; tries += 1)
      await Bun.sleep(100)
    expect(await sign('carol', 'carol-in-corp')).toMatchObject({ status: 200 })
  })
})
