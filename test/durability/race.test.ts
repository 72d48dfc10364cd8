import { expect, test } from 'bun:test'
import { seedOf } from './load/random.ts'
import { race } from './race.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
console.log(`race: BERTH_DURABILITY_SEED=${seed} makes the same choices again`)

test('no acknowledged image loses a blob while the collector never pauses, with a grace of a second', async () => {
  const report = await race({ seed, grace: 1000, seconds: 20, removals: 1000, clients: 8 })
  expect(report.failures).toEqual([])
  expect(report.removed).toBeGreaterThanOrEqual(1000)
  expect(report.tally.pushes).toBeGreaterThan(0)
}, 180_000)

test('with a grace of five seconds at least 99 of 100 pushes are acknowledged', async () => {
  const report = await race({
    seed: seed + 1,
    grace: 5000,
    trash: 700,
    seconds: 20,
    removals: 1000,
    clients: 8,
  })
  expect(report.failures).toEqual([])
  expect(report.removed).toBeGreaterThanOrEqual(1000)
  expect(report.tally.acknowledgedShare).toBeGreaterThanOrEqual(0.99)
}, 180_000)
