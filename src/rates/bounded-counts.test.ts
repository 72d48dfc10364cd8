import { expect, test } from 'bun:test'
import { BoundedCounts } from './bounded-counts.ts'

const bounded = (limit: number) => new BoundedCounts<number>({ limit, sizeOf: (count) => count })

test('memory is bounded', () => {
  const counts = bounded(100)
  for (let key = 0; key < 10_000; key += 1) counts.set(`${key}`, 1)
  expect(counts.size).toBe(100)
})

test('who has used much is not forgotten for ten thousand who used little', () => {
  const counts = bounded(100)
  for (let key = 0; key < 5; key += 1) counts.set(`used up ${key}`, 50)
  for (let key = 0; key < 10_000; key += 1) counts.set(`flood ${key}`, 1)
  expect(Array.from({ length: 5 }, (_, key) => counts.get(`used up ${key}`))).toEqual([50, 50, 50, 50, 50])
})

test('what counts nothing is not remembered', () => {
  const counts = bounded(2)
  counts.set('a', 1)
  counts.set('a', 0)
  expect(counts.size).toBe(0)
})
