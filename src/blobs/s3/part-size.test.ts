import { expect, test } from 'bun:test'
import { leastPartAt, mostParts, partSizeAt, smallestPart } from './part-size.ts'

const MiB = 1024 * 1024
const TiB = 1024 ** 4

function partsFor(size: number, next: (offset: number) => number): { count: number; largest: number } {
  let [offset, count, largest] = [0, 0, 0]
  for (; offset < size; count += 1) {
    const part = Math.min(next(offset), size - offset)
    largest = Math.max(largest, part)
    offset += part
  }
  return { count, largest }
}

test('5 TiB fit into the parts that S3 allows, whether they come in one request or in many of the smallest', () => {
  for (const next of [
    (offset: number) => partSizeAt(offset, 8 * MiB),
    (offset: number) => partSizeAt(offset, smallestPart),
    leastPartAt,
  ]) {
    const { count, largest } = partsFor(5 * TiB, next)
    expect(count).toBeLessThanOrEqual(mostParts)
    expect(largest).toBeLessThanOrEqual(5 * 1024 * MiB)
  }
})

test('parts have the size that is set up to 10 GiB', () => {
  expect(partSizeAt(0, 8 * MiB)).toBe(8 * MiB)
  expect(partSizeAt(9.7 * 1024 * MiB, 8 * MiB)).toBe(8 * MiB)
  expect(partSizeAt(100 * 1024 * MiB, 8 * MiB)).toBe(82 * MiB)
})

test('what a session leaves is never more than the next part takes', () => {
  for (let offset = 0; offset < 5 * TiB; offset += 7 * 1024 * MiB)
    expect(leastPartAt(offset)).toBeLessThanOrEqual(partSizeAt(offset, smallestPart))
})
