import { expect, test } from 'bun:test'
import { kill, killedCommands } from './kill.ts'
import { seedOf } from './load/random.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
console.log(`kill: BERTH_DURABILITY_SEED=${seed} makes the same choices again`)

test('nothing acknowledged is lost, and nothing half-done is seen, however often the server is killed', async () => {
  const report = await kill({ seed, kills: 50, clients: 6, commands: killedCommands })
  expect(report.failures).toEqual([])
  const kills = Object.values(report.kills).reduce((sum, count) => sum + count, 0)
  expect(kills).toBeGreaterThanOrEqual(50)
  expect(report.tally.pushes).toBeGreaterThan(100)
  expect(report.looks.manifests).toBeGreaterThan(100)
}, 240_000)
