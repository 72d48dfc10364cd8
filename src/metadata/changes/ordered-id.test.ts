import { expect, test } from 'bun:test'
import { orderedId } from './ordered-id.ts'

test('names sort in the order in which they were given, within a moment and when the clock is set back', () => {
  const at = Date.UTC(2100, 0)
  const ids = Array.from({ length: 10_000 }, (_, index) => orderedId(at + (index % 3)))
  expect(ids).toEqual(ids.toSorted())
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids[0]).toMatch(/^[0-9a-f]{12}-[0-9a-f]{6}-[0-9a-f]{10}$/)
})
