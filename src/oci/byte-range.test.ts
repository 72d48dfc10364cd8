import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/grammar.ts'
import { parseContentRange, parseRange } from './byte-range.ts'

const sizes = fc.oneof(fc.nat({ max: 20 }), fc.nat(), fc.maxSafeNat())
const positions = fc.oneof(fc.nat({ max: 25 }), fc.nat(), fc.maxSafeNat())

/** An object whose bytes are their own positions, so that a slice shows where it was taken. */
function objectOf(size: number): number[] {
  return Array.from({ length: size }, (_, index) => index)
}

function selected(header: string, size: number): number[] | 'unsatisfiable' | 'whole' {
  const range = parseRange(header, size)
  if (range === undefined) return 'whole'
  return range === 'unsatisfiable' ? range : objectOf(size).slice(range.first, range.last + 1)
}

const orUnsatisfiable = (bytes: number[]) => (bytes.length === 0 ? 'unsatisfiable' : bytes)

describe('a Range header', () => {
  const small = fc.nat({ max: 20 })

  test('with both ends selects what a slice of the object would', () => {
    fc.assert(
      fc.property(small, small, small, (size, first, last) => {
        const expected = orUnsatisfiable(objectOf(size).slice(first, last + 1))
        expect(selected(`bytes=${first}-${last}`, size)).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  test('without an end selects the rest of the object', () => {
    fc.assert(
      fc.property(small, small, (size, first) =>
        expect(selected(`bytes=${first}-`, size)).toEqual(orUnsatisfiable(objectOf(size).slice(first))),
      ),
    )
  })

  test('without a start selects the last bytes', () => {
    fc.assert(
      fc.property(small, small, (size, length) => {
        const expected = orUnsatisfiable(length === 0 ? [] : objectOf(size).slice(-length))
        expect(selected(`bytes=-${length}`, size)).toEqual(expected)
      }),
    )
  })

  test('never selects bytes outside the object', () => {
    const ends = fc.oneof(positions.map(String), fc.constant(''), fc.constant('9'.repeat(400)))
    fc.assert(
      fc.property(sizes, ends, ends, (size, first, last) => {
        const range = parseRange(`bytes=${first}-${last}`, size)
        if (range === undefined || range === 'unsatisfiable') return
        expect(range.first).toBeGreaterThanOrEqual(0)
        expect(range.last).toBeGreaterThanOrEqual(range.first)
        expect(range.last).toBeLessThan(size)
      }),
      { numRuns: 2000 },
    )
  })

  test('never throws, and what is no range of bytes asks for the whole', () => {
    fc.assert(fc.property(anyText, sizes, (text, size) => expect(parseRange(text, size)).toBeUndefined()))
  })

  test.each([
    ['an unknown unit', 'lines=0-1'],
    ['no unit', '0-1'],
    ['several ranges', 'bytes=0-1,3-4'],
    ['no end at all', 'bytes=-'],
    ['a negative start', 'bytes=--1'],
    ['a fraction', 'bytes=0.5-1'],
    ['hexadecimal', 'bytes=0x0-0x1'],
    ['other digits', 'bytes=١-٢'],
    ['nothing', ''],
  ])('with %s asks for the whole', (_, header) => {
    expect(parseRange(header, 10)).toBeUndefined()
  })

  test('is read whatever the case of its unit and the spaces around', () => {
    expect(parseRange(' Bytes = 2-3 ', 10)).toEqual({ first: 2, last: 3 })
  })

  test('that is missing asks for the whole', () => {
    expect(parseRange(null, 10)).toBeUndefined()
  })
})

describe("an upload's Content-Range", () => {
  test('is its two ends', () => {
    fc.assert(
      fc.property(positions, positions, (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)]
        expect(parseContentRange(`${first}-${last}`)).toEqual({ first, last })
      }),
    )
  })

  test('that ends before it starts is none', () => {
    fc.assert(
      fc.property(positions, positions, (one, other) => {
        if (one === other) return
        expect(parseContentRange(`${Math.max(one, other)}-${Math.min(one, other)}`)).toBeUndefined()
      }),
    )
  })

  test('never throws, and is in order where it is one', () => {
    const almost = fc.string({ unit: fc.constantFrom(...'0159-= bytes/*'), maxLength: 40 })
    fc.assert(
      fc.property(fc.oneof(almost, anyText), (text) => {
        const range = parseContentRange(text)
        if (!range) return
        expect(Number.isSafeInteger(range.first) && Number.isSafeInteger(range.last)).toBe(true)
        expect(range.first).toBeLessThanOrEqual(range.last)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['a unit', 'bytes 0-1'],
    ['a total', '0-1/2'],
    ['an open end', '0-'],
    ['ends that no number holds', '0-9999999999999999'],
    ['more digits than any size', `0-${'9'.repeat(100)}`],
    ['nothing', ''],
  ])('with %s is none', (_, header) => {
    expect(parseContentRange(header)).toBeUndefined()
  })
})
