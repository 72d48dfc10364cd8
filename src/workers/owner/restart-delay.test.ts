import { expect, test } from 'bun:test'
import { restartDelay } from './restart-delay.ts'

test('a worker that ends at once again and again is started later each time, up to ten seconds', () => {
  const delays: number[] = []
  for (let before = 0; delays.length < 10; before = delays.at(-1) ?? 0)
    delays.push(restartDelay({ lived: 5, before }))
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
})

test('one that lived for a while is started soon', () => {
  expect(restartDelay({ lived: 60_000, before: 10_000 })).toBe(100)
})
