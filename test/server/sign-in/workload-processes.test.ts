import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { loadSettings } from '../../../src/config/load.ts'
import type { MetadataStore } from '../../../src/metadata/metadata-store.ts'
import { openOrMakeStores } from '../../../src/stores.ts'
import { type RunningBerth, startBerth, temporaryDirectory } from '../../support/berth.ts'
import { as, basic, openStoresOf } from '../../support/closed-registry.ts'
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { dropDatabase, makeDatabase, postgresServer, requirePostgres } from '../../support/postgres.ts'
import { exchangeForm, githubClaims, makeRobot, makeTrust } from '../../support/workload.ts'

let issuer: OidcIssuer
beforeAll(async () => {
  issuer = await startOidcIssuer()
})
afterAll(() => issuer?.[Symbol.asyncDispose]())

const exchange = async (url: string, token: string) => {
  const answer = await fetch(`${url}/v2/token`, { method: 'POST', body: exchangeForm(token) })
  const { access_token = '' } = (await answer.json()) as { access_token?: string }
  return { status: answer.status, token: access_token }
}
const signedIn = async (url: string, password: string) =>
  (await as(basic({ name: 'acme+deploy', password }), `${url}/v2/`)).status

/** What holds wherever a request lands. @param urls of processes that share a registry */
async function checkTogether(urls: readonly string[], metadata: MetadataStore): Promise<void> {
  const robot = await makeRobot(metadata)
  const trust = await makeTrust(metadata, robot, { issuer: issuer.url })
  const given: string[] = []
  for (let round = 0; round < 5; round += 1) {
    const token = await issuer.token(githubClaims)
    const tries = Array.from({ length: 8 }, (_, at) => exchange(urls[at % urls.length] ?? '', token))
    const answers = await Promise.all(tries)
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)])
    given.push(answers.find(({ status }) => status === 200)?.token ?? '')
    for (const url of urls) expect((await exchange(url, token)).status).toBe(401)
  }
  const password = await issuer.token(githubClaims)
  const tries = Array.from({ length: 8 }, (_, at) => signedIn(urls[at % urls.length] ?? '', password))
  expect(await Promise.all(tries)).toEqual(Array(8).fill(200))
  await issuer.rotate()
  await Bun.sleep(5100)
  const anew = await issuer.token(githubClaims)
  for (const url of urls) expect(await signedIn(url, anew)).toBe(200)
  await metadata.change('removeRobotTrust', { id: trust })
  for (const url of urls)
    for (const secret of [...given, password, anew]) expect(await signedIn(url, secret)).toBe(401)
}

describe('workers', () => {
  test('take a job’s token once together, and know new keys within seconds', async () => {
    const data = await temporaryDirectory()
    await using stores = await openStoresOf(data)
    const berth = await startBerth({
      data,
      args: ['--workers', '2', '--log-level', 'error'],
      env: { BERTH_WORKLOAD_PRIVATE_ISSUERS: issuer.url },
    })
    await checkTogether([berth.url], stores.metadata)
    await berth.stop()
  }, 60_000)
})

describe.skipIf(!requirePostgres('what two servers take together'))('replicas', () => {
  test('take a job’s token once together, and know new keys within seconds', async () => {
    const database = await makeDatabase(postgresServer ?? '')
    const data = await temporaryDirectory()
    const env = {
      BERTH_METADATA_URL: database,
      BERTH_ACCESS_OPEN: 'true',
      BERTH_WORKLOAD_PRIVATE_ISSUERS: issuer.url,
    }
    const servers: RunningBerth[] = await Promise.all([
      startBerth({ data, env, args: ['--log-level', 'error'] }),
      startBerth({ data, env, args: ['--log-level', 'error'] }),
    ])
    const stores = await openOrMakeStores(loadSettings({ flags: { data }, environment: env }))
    await checkTogether(
      servers.map(({ url }) => url),
      stores.metadata,
    )
    await stores[Symbol.asyncDispose]()
    for (const server of servers) await server.stop()
    await dropDatabase(database)
  }, 60_000)
})
