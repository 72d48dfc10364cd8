import { expect, test } from 'bun:test'
import { median, quantile } from './statistics.ts'

test('the median of an even number of values lies between the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([9, 1, 5])).toBe(5)
})

test('a quantile is one of the values', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  expect(quantile(hundred, 0.99)).toBe(99)
  expect(quantile(hundred, 0.5)).toBe(50)
  expect(quantile([7], 0.99)).toBe(7)
})

test('nothing has no median', () => {
  expect(median([])).toBeNaN()
})
