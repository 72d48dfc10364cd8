import { expect, test } from 'bun:test'
import { kill } from './kill.ts'
import { seedOf } from './load/random.ts'
import { race } from './race.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
console.log(`workers: BERTH_DURABILITY_SEED=${seed} makes the same choices again`)

const env = { BERTH_WORKERS: '2' }

test('nothing acknowledged is lost, and nothing half-done is seen, where the owner of workers is killed', async () => {
  const report = await kill({ seed, kills: 10, clients: 6, commands: [], env })
  expect(report.failures).toEqual([])
  expect(report.tally.pushes).toBeGreaterThan(5)
}, 240_000)

test('with workers as without, the collector takes nothing that a client was told is there', async () => {
  const report = await race({ seed, grace: 2000, seconds: 10, removals: 20, clients: 8, env })
  expect(report.failures).toEqual([])
  expect(report.tally.pushes).toBeGreaterThan(20)
}, 240_000)
