import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import type { Logger } from '../logging/logger.ts'
import { openSqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.ts'
import { scheduleTurns } from './scheduled-turns.ts'
import { SharedTurns } from './turns.ts'

/** Several servers on one store. */
async function servers(...names: string[]) {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const metadata = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  const logger = { warn: () => undefined } as unknown as Logger
  const turns = names.map((runner) => new SharedTurns({ metadata, logger, runner }))
  return { turns }
}

test('of many servers one runs a job, again and again', async () => {
  const { turns } = await servers('one', 'two', 'three')
  let running = 0
  let most = 0
  const runs = new Map<number, number>()
  const jobs = turns.map((each, index) =>
    scheduleTurns(each, {
      name: 'collector',
      interval: 1,
      async run() {
        running += 1
        most = Math.max(most, running)
        await Bun.sleep(5)
        running -= 1
        runs.set(index, (runs.get(index) ?? 0) + 1)
      },
      failed: (error) => {
        throw error
      },
    }),
  )
  const deadline = Date.now() + 10_000
  const sum = () => [...runs.values()].reduce((all, count) => all + count, 0)
  while (sum() < 30 && Date.now() < deadline) await Bun.sleep(5)
  await Promise.all(jobs.map((job) => job.stop()))
  expect(sum()).toBeGreaterThanOrEqual(30)
  expect(most).toBe(1)
  expect(turns.reduce((all, each) => all + each.runsOf('collector').begun, 0)).toBe(sum())
})

test('a job that somebody asks for runs at once, unless another server runs it', async () => {
  const { turns } = await servers('one', 'two')
  const holding = Promise.withResolvers<void>()
  let runs = 0
  const [one, two] = turns.map((each) =>
    scheduleTurns(each, {
      name: 'collector',
      interval: 3_600_000,
      async run() {
        runs += 1
        await holding.promise
      },
      failed: (error) => {
        throw error
      },
    }),
  )
  expect(await one?.start()).toBe(true)
  expect(await two?.start()).toBe(false)
  expect(await one?.start()).toBe(false)
  holding.resolve()
  await Bun.sleep(20)
  expect(await two?.start()).toBe(true)
  await Promise.all([one?.stop(), two?.stop()])
  expect(runs).toBe(2)
})

test('a job that is broken off by the end of its server goes on in another at once', async () => {
  const { turns } = await servers('one', 'two')
  const [one, two] = turns
  const job = scheduleTurns(one ?? expect.unreachable(), {
    name: 'retention',
    interval: 3_600_000,
    async run(stopped) {
      while (!stopped()) await Bun.sleep(1)
    },
    failed: (error) => {
      throw error
    },
  })
  expect(await job.start()).toBe(true)
  expect(await two?.take('retention', { interval: 3_600_000 })).toBeUndefined()
  await job.stop()
  const taken = await two?.take('retention', { interval: 3_600_000 })
  expect(taken?.lost()).toBe(false)
  await taken?.end(true)
  expect(await one?.take('retention', { interval: 3_600_000 })).toBeUndefined()
})
