import { describe, expect, test } from 'bun:test'
import { temporaryDirectory } from '../../support/berth.ts'
import { dropDatabase, makeDatabase, postgresServer, requirePostgres } from '../../support/postgres.ts'
import { pushImage } from '../../support/push.ts'
import { startReceiver } from '../../support/receiver.ts'
import { addWebhook, startNotifying, untilDeliveries } from '../../support/webhooks.ts'

describe.skipIf(!requirePostgres('webhooks of several servers on PostgreSQL'))('several servers', () => {
  test('tell a webhook of each event once, in the order of its tag, whichever took the push', async () => {
    await using receiver = startReceiver()
    await using fleet = await startFleet(3)
    const [first, second, third] = fleet.servers
    await addWebhook(first, { url: receiver.url })
    const servers = [first, second, third]
    const tags = Array.from({ length: 30 }, (_, index) => `v${index}`)
    for (const [index, reference] of tags.entries()) {
      const url = servers[index % 3]?.url ?? ''
      await pushImage({ url, repository: 'team/app' }, { reference, content: reference })
    }
    await receiver.until(30)
    await Bun.sleep(1000)
    expect(receiver.received.map(({ event }) => event.target.tag)).toEqual(tags)
    expect(new Set(receiver.received.map(({ event }) => event.source.instanceID)).size).toBeGreaterThan(1)
  }, 120_000)

  test('go on with what one of them had in its hands when it was killed', async () => {
    let hang = true
    await using receiver = startReceiver(() => {
      if (!hang) return new Response()
      return new Promise<Response>(() => undefined)
    })
    await using fleet = await startFleet(1)
    const [first] = fleet.servers
    await addWebhook(first, { url: receiver.url })
    await pushImage({ url: first.url, repository: 'team/app' }, { reference: 'v1' })
    await receiver.until(1)
    const second = await fleet.add()
    await first.stop('SIGKILL')
    hang = false
    await untilDeliveries(second, 'delivered')
    const ids = receiver.received.map(({ event }) => event.id)
    expect(new Set(ids).size).toBe(1)
    expect(ids.length).toBeGreaterThan(1)
  }, 120_000)
})

type Server = Awaited<ReturnType<typeof startNotifying>>

/** Servers on one PostgreSQL and one directory of blobs. */
async function startFleet(count: number) {
  const database = await makeDatabase(postgresServer ?? '')
  const data = await temporaryDirectory()
  const env = {
    BERTH_METADATA_URL: database,
    BERTH_ACCESS_OPEN: 'true',
    BERTH_NOTIFICATIONS_TIMEOUT: '2s',
  }
  const servers: Server[] = []
  const add = async () => {
    const server = await startNotifying({ data, env })
    servers.push(server)
    return server
  }
  for (let index = 0; index < count; index += 1) await add()
  return {
    servers: servers as [Server, Server, Server],
    add,
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.stop()
      await dropDatabase(database)
    },
  }
}
