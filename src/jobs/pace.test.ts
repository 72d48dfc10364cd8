import { expect, test } from 'bun:test'
import { paceOf } from './pace.ts'

/** A clock that only sleeping moves, unless it is told to. */
function paced(rate: number) {
  const clock = { now: 0, slept: 0 }
  const pace = paceOf({
    rate,
    now: () => clock.now,
    async sleep(milliseconds) {
      clock.now += milliseconds
      clock.slept += milliseconds
    },
  })
  return { clock, pace }
}

test('lets through what the rate allows, whatever the pieces', async () => {
  for (const piece of [1, 100, 1000, 7777]) {
    const { clock, pace } = paced(1000)
    let bytes = 0
    while (bytes < 50_000) {
      await pace.take(piece)
      bytes += piece
    }
    expect(clock.now).toBeCloseTo(bytes, 6)
  }
})

test('does not wait for a reader that is slower than the rate', async () => {
  const { clock, pace } = paced(1000)
  for (let round = 0; round < 10; round += 1) {
    clock.now += 500
    await pace.take(100)
  }
  expect(clock.slept).toBeLessThanOrEqual(1000)
})

test('makes up for no time in which nothing was read', async () => {
  const { clock, pace } = paced(1000)
  clock.now = 3_600_000
  for (let round = 0; round < 10; round += 1) await pace.take(1000)
  expect(clock.slept).toBeCloseTo(10_000, 6)
})

test('holds readers together to the one rate', async () => {
  const { clock, pace } = paced(1000)
  await Promise.all(Array.from({ length: 4 }, () => pace.take(500)))
  expect(clock.slept).toBeGreaterThanOrEqual(2000)
})
