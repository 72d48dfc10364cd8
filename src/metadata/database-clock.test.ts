import { expect, test } from 'bun:test'
import { DatabaseClock } from './database-clock.ts'

test('tells the time of the database, whatever clock the machine has, and follows when that is set', async () => {
  const world = { database: 5_000_000, monotonic: 10 }
  const clock = await DatabaseClock.start({
    metadata: { clock: async () => world.database },
    monotonic: () => world.monotonic,
  })
  expect(clock.now()).toBe(5_000_000)
  world.monotonic += 1500
  expect(clock.now()).toBe(5_001_500)
  world.database = 9_000_000
  await clock.look()
  expect(clock.now()).toBe(9_000_000)
})

test('takes nothing for younger than it is where the answer took long', async () => {
  let monotonic = 0
  const clock = await DatabaseClock.start({
    metadata: {
      async clock() {
        monotonic += 300
        return 1_000_000
      },
    },
    monotonic: () => monotonic,
  })
  expect(clock.now()).toBe(1_000_300)
})
