import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { pushImage } from '../../support/push.ts'
import { Crew } from '../faults/crew.ts'
import { seedOf } from '../load/random.ts'
import { faultsIn, type Server, startCommand } from '../server.ts'
import { Fleet } from './fleet.ts'
import { requireStores, type SharedStores, sharedStores } from './shared-stores.ts'

/** A turn lapses after 15 s, and each server looks every 5 s. Milliseconds. */
const longestTakeover = 21_000

describe.skipIf(!requireStores('directory', 'jobs of several servers'))('of several servers', () => {
  let stores: SharedStores
  let fleet: Fleet

  beforeAll(async () => {
    stores = await sharedStores('directory')
    fleet = new Fleet(stores, {
      BERTH_GC_INTERVAL: '50ms',
      BERTH_GC_GRACE: '500ms',
      BERTH_GC_KEEP_OBJECTS: '0s',
      BERTH_TRASH_RETENTION: '0s',
      // A round that takes as long as the test.
      BERTH_SCRUB_RATE: '1KiB',
      BERTH_SCRUB_INTERVAL: '1s',
    })
    for (let count = 0; count < 3; count += 1) await fleet.add()
    for (const name of ['a', 'b', 'c'])
      await pushImage(
        { url: fleet.servers[0]?.url ?? '', repository: 'jobs' },
        { reference: name, content: name.repeat(100_000) },
      )
  }, 60_000)
  afterAll(async () => {
    await fleet?.end()
    await stores?.[Symbol.asyncDispose]()
  })

  test('one reads the blobs again, and when it is killed another goes on within a bounded time', async () => {
    const reader = await untilOneRuns('scrub', 15_000)
    expect(await runningOn('scrub')).toHaveLength(1)
    await fleet.kill(reader)
    const begun = performance.now()
    const next = await untilOneRuns('scrub', longestTakeover)
    const seconds = (performance.now() - begun) / 1000
    console.log(`a job was taken over after ${seconds.toFixed(1)} s`)
    expect(await figure(next, 'berth_job_scrub_takeovers_total')).toBe(1)
    // The log is written a moment later.
    await Bun.sleep(1000)
    expect(next.output()).toContain('took a job over')
    await fleet.add()
  }, 60_000)

  test('one that is stopped in the middle of a job gives it to another at once', async () => {
    const reader = await untilOneRuns('scrub', longestTakeover)
    await fleet.kill(reader, 'SIGTERM')
    const next = await untilOneRuns('scrub', 8000)
    expect(await figure(next, 'berth_job_scrub_takeovers_total')).toBe(0)
    await fleet.add()
  }, 60_000)

  test('one at a time collects, a command runs beside them, and each object is counted once', async () => {
    const crew = new Crew({ seed: seedOf(process.env.BERTH_DURABILITY_SEED) })
    const place = { url: fleet.url, grace: 500 }
    const working = crew.work(place, 8)
    const most = { running: 0 }
    const commands: number[] = []
    while (commands.length < 3) {
      most.running = Math.max(most.running, (await runningOn('collector')).length)
      const command = startCommand(['gc', '--data', stores.data], stores.env)
      commands.push(await command.exited)
    }
    await working
    await crew.look(place)
    expect(crew.tally.failures).toEqual([])
    expect(commands).toEqual([0, 0, 0])
    expect(most.running).toBeLessThanOrEqual(1)
    expect(faultsIn(fleet.output)).toEqual([])
    const runs = await Promise.all(
      fleet.servers.map((server) => figure(server, 'berth_job_collector_runs_total')),
    )
    expect(runs.reduce((sum = 0, count = 0) => sum + count, 0)).toBeGreaterThan(5)
    for (const server of fleet.servers)
      expect(await figure(server, 'berth_job_collector_last_run_timestamp_seconds')).toBeGreaterThan(0)
  }, 60_000)

  async function runningOn(job: string): Promise<Server[]> {
    const running = await Promise.all(
      fleet.servers.map((server) => figure(server, `berth_job_${job}_running`)),
    )
    return fleet.servers.filter((_, index) => running[index] === 1)
  }

  async function untilOneRuns(job: string, patience: number): Promise<Server> {
    const deadline = performance.now() + patience
    for (;;) {
      const [server] = await runningOn(job)
      if (server) return server
      if (performance.now() > deadline) throw new Error(`no server runs ${job} after ${patience} ms`)
      await Bun.sleep(100)
    }
  }
})

async function figure(server: Server, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const line = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)
  return line ? Number(line[1]) : undefined
}
