import { expect, test } from 'bun:test'
import { Seen } from './seen.ts'

test('tells what it saw before from what is new, among many', () => {
  const seen = new Seen()
  const names = Array.from({ length: 50_000 }, (_, index) => `sha256:${index}`)
  expect(names.filter((name) => seen.add(name))).toHaveLength(names.length)
  expect(names.filter((name) => seen.add(name))).toEqual([])
  expect(seen.add('another')).toBe(true)
})
