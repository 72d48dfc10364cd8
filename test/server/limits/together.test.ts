import { describe, expect, test } from 'bun:test'
import { Client } from 'pg'
import { loadSettings } from '../../../src/config/load.ts'
import { openOrMakeStores, type Stores } from '../../../src/stores.ts'
import { type MadeUser, makeUser } from '../../support/accounts.ts'
import { type RunningBerth, startBerth, temporaryDirectory } from '../../support/berth.ts'
import { as, basic, startClosedRegistry } from '../../support/closed-registry.ts'
import { dropDatabase, makeDatabase, postgresServer, requirePostgres } from '../../support/postgres.ts'
import { manifestUrl, pushImage } from '../../support/push.ts'

const limits = { BERTH_LIMITS_PULLS_ANONYMOUS: '40/1h', BERTH_LOG_LEVEL: 'error' }

/** Each on a connection of its own, so that every process gets some. */
async function pullAtOnce(manifests: readonly string[], many: number): Promise<number> {
  const statuses = await Promise.all(
    Array.from({ length: many }, async (_, time) => {
      const answer = await fetch(manifests[time % manifests.length] ?? '', {
        headers: { Connection: 'close' },
      })
      await answer.bytes()
      return answer.status
    }),
  )
  expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([])
  return statuses.filter((status) => status === 200).length
}

/** Waits until each server tells that so many are left: what a share held is given back within seconds. */
async function untilRemaining(manifests: readonly string[], remaining: number): Promise<void> {
  let told: (string | null)[] = []
  for (let attempt = 0; attempt < 40; attempt += 1) {
    await Bun.sleep(250)
    const answers = await Promise.all(manifests.map((manifest) => fetch(manifest, { method: 'HEAD' })))
    told = answers.map((answer) => answer.headers.get('ratelimit-remaining'))
    if (told.every((text) => text === `${remaining};w=3600`)) return
  }
  throw new Error(`the servers tell ${told.join(' and ')}`)
}

/** None goes over in a burst; what shares held back comes again a moment later, and not one more. */
async function expectsExactLimit(manifests: readonly string[]): Promise<void> {
  expect(await pullAtOnce(manifests, 10)).toBe(10)
  await untilRemaining(manifests, 30)
  const burst = await pullAtOnce(manifests, 200)
  expect(burst).toBeLessThanOrEqual(30)
  expect(burst).toBeGreaterThanOrEqual(30 - 40 / 8)
  await untilRemaining(manifests, 30 - burst)
  expect(burst + (await pullAtOnce(manifests, 200))).toBe(30)
  await untilRemaining(manifests, 0)
}

test('several workers together keep to the limit', async () => {
  const berth = await startBerth({ env: limits, args: ['--workers', '3'] })
  const remote = { url: berth.url, repository: 'app' }
  await pushImage(remote)
  await expectsExactLimit([manifestUrl(remote, 'latest')])
  const metrics = await (await fetch(`${berth.url}/metrics`)).text()
  expect(Number(/^berth_pulls_refused_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(300)
  await berth.stop()
}, 40_000)

test('wrong sign-ins at several workers are as few as at one', async () => {
  await using closed = await startClosedRegistry({ args: ['--workers', '3', '--log-level', 'error'] })
  const statuses = await guess([closed.url], 60)
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  expect(statuses.filter((status) => status === 429)).toHaveLength(50)
  // Neither others nor who is elsewhere notices.
  expect((await as(basic(closed.alice), `${closed.url}/v2/`)).status).toBe(200)
  const metrics = await (await as(basic(closed.root), `${closed.url}/metrics`)).text()
  expect(metrics).toContain('\nberth_sign_ins_refused_total 50\n')
}, 40_000)

function guess(urls: readonly string[], many: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: many }, async (_, time) => {
      const credentials = basic({ name: 'bob', password: `guess-${time}` })
      const answer = await as(credentials, `${urls[time % urls.length]}/v2/`, {
        headers: { Connection: 'close' },
      })
      await answer.bytes()
      return answer.status
    }),
  )
}

describe.skipIf(!requirePostgres('limits of several servers'))('two servers on one PostgreSQL', () => {
  async function startTwo(
    env: Record<string, string>,
    prepare: (stores: Stores) => Promise<unknown> = async () => undefined,
  ): Promise<AsyncDisposable & { servers: RunningBerth[]; database: string }> {
    const database = await makeDatabase(postgresServer ?? '')
    const data = await temporaryDirectory()
    const all = { BERTH_METADATA_URL: database, BERTH_ACCESS_OPEN: 'true', ...env }
    {
      await using stores = await openOrMakeStores(loadSettings({ flags: { data }, environment: all }))
      await prepare(stores)
    }
    const servers = await Promise.all([
      startBerth({ data, env: all }),
      // With workers of its own: these ask the database through their owner.
      startBerth({ data, env: all, args: ['--workers', '2'] }),
    ])
    return {
      servers,
      database,
      async [Symbol.asyncDispose]() {
        await Promise.all(servers.map((server) => server.stop()))
        await dropDatabase(database)
      },
    }
  }

  test('keep to the limit together', async () => {
    await using two = await startTwo(limits)
    const manifests = two.servers.map(({ url }) => manifestUrl({ url, repository: 'app' }, 'latest'))
    await pushImage({ url: two.servers[0]?.url ?? '', repository: 'app' })
    await expectsExactLimit(manifests)
  }, 40_000)

  test('let pulls go on by what each knows, where the database does not count, and count them later', async () => {
    await using two = await startTwo(limits)
    const manifests = two.servers.map(({ url }) => manifestUrl({ url, repository: 'app' }, 'latest'))
    await pushImage({ url: two.servers[0]?.url ?? '', repository: 'app' })
    expect(await pullAtOnce(manifests, 20)).toBe(20)
    await untilRemaining(manifests, 20)
    const client = new Client({ connectionString: two.database })
    await client.connect()
    await client.query('begin; lock table rates in access exclusive mode')
    const started = performance.now()
    const first = manifests.slice(0, 1)
    expect(await pullAtOnce(first, 5)).toBe(5)
    expect(performance.now() - started).toBeLessThan(5000)
    const again = performance.now()
    for (let time = 0; time < 30; time += 1) await (await fetch(manifests[0] ?? '')).bytes()
    expect(performance.now() - again).toBeLessThan(1500)
    expect((await fetch(manifests[0] ?? '')).status).toBe(429)
    await client.query('rollback')
    await client.end()
    await untilRemaining(manifests, 0)
  }, 60_000)

  test('let an attacker guess no more often than one does, and know who has signed in from where', async () => {
    let made: MadeUser = { id: '', name: '', password: '' }
    await using two = await startTwo({ BERTH_LOG_LEVEL: 'error' }, async ({ metadata }) => {
      made = await makeUser(metadata, { name: 'alice' })
    })
    const urls = two.servers.map(({ url }) => url)
    const alice = basic(made)
    expect((await as(alice, `${urls[0]}/v2/`)).status).toBe(200)
    const statuses = await guess(urls, 60)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
    // All tries of the address are used up, but not for who has signed in from there.
    for (let user = 0; user < 60; user += 1)
      await as(basic({ name: `user${user}`, password: 'guess' }), `${urls[user % 2]}/v2/`)
    expect((await as(basic({ name: 'other', password: 'guess' }), `${urls[1]}/v2/`)).status).toBe(429)
    expect((await as(alice, `${urls[1]}/v2/`)).status).toBe(200)
  }, 60_000)
})
