import { expect, test } from 'bun:test'
import { backoff } from './backoff.ts'

test('attempts come less and less often, and never more than seven hours apart', () => {
  const delays = Array.from({ length: 16 }, (_, index) => backoff(index + 1, 0.5) / 1000)
  expect(delays.slice(0, 5)).toEqual([5, 10, 20, 40, 80])
  expect(delays.at(-1)).toBe(6 * 3600)
  expect(backoff(1_000_000, 1)).toBeLessThan(7.3 * 3_600_000)
  expect([backoff(1, 0), backoff(1, 1)]).toEqual([4000, 6000])
})

test('three days have more than ten attempts and fewer than forty', () => {
  let attempts = 0
  for (let at = 0; at < 3 * 86_400_000; at += backoff(attempts, 0.5)) attempts += 1
  expect(attempts).toBeGreaterThan(10)
  expect(attempts).toBeLessThan(40)
})
