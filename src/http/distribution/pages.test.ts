import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText } from '../../../test/support/grammar.ts'
import { codeThrownBy } from '../../../test/support/thrown.ts'
import { defaultPage, nextLink, pageParameters } from './pages.ts'

const page = (query: Record<string, string>, options?: { largest: number }) =>
  pageParameters(new URLSearchParams(query), options)

describe('the page that is asked for', () => {
  test('is the first of full length where nothing is said', () => {
    expect(page({})).toEqual({ limit: defaultPage, after: '' })
    expect(page({}, { largest: 500 })).toEqual({ limit: 500, after: '' })
  })

  test('has as many entries as asked, and never more than the largest', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999_999 }), fc.integer({ min: 1, max: 10_000 }), (n, largest) =>
        expect(page({ n: String(n) }, { largest }).limit).toBe(Math.min(n, largest)),
      ),
    )
  })

  test('may have no entries', () => {
    expect(page({ n: '0' }).limit).toBe(0)
  })

  test('starts after the last entry, with or without a number', () => {
    expect(page({ last: 'v1' })).toEqual({ limit: defaultPage, after: 'v1' })
    expect(page({ last: 'v1', n: '2' })).toEqual({ limit: 2, after: 'v1' })
  })

  test.each(['', '-1', '1.5', '1e3', 'ten', ' 1', '+1', '0x1', '١', '9'.repeat(16)])(
    'is refused where n is %p',
    (n) => {
      expect(codeThrownBy(() => page({ n }))).toBe('PAGINATION_NUMBER_INVALID')
    },
  )

  test('starts after a text that every database takes, whatever last is', () => {
    fc.assert(
      fc.property(anyText, (last) => {
        const { after } = page({ last })
        expect(after.isWellFormed() && !after.includes('\0')).toBe(true)
        expect(after.length).toBeLessThanOrEqual(1000)
      }),
    )
  })

  test('starts after a text that every database takes where last is cut in the middle of a character', () => {
    expect(page({ last: `${'a'.repeat(999)}😀` }).after.isWellFormed()).toBe(true)
  })

  test('starts behind everything where last can be no name', () => {
    expect(page({ last: 'a\0' }).after > 'zzzz').toBe(true)
  })
})

describe('the Link to the next page', () => {
  test('is what the specification shows', () => {
    expect(nextLink('/v2/a/tags/list', { limit: 2, after: '' }, 'v1')).toBe(
      '</v2/a/tags/list?last=v1&n=2>; rel="next"',
    )
  })

  test('keeps other parameters, and leads to the page that it means', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 10_000 }), fc.string(), (last, limit, type) => {
        const link = nextLink('/v2/_catalog', { limit, after: 'before' }, last, { artifactType: type })
        const [, target = ''] = /^<([^<>]*)>; rel="next"$/.exec(link) ?? []
        const url = new URL(target, 'http://localhost')
        expect(pageParameters(url.searchParams)).toEqual({
          limit,
          after: last.includes('\0') ? '\u{10ffff}' : last,
        })
        expect(url.searchParams.get('artifactType')).toBe(type)
      }),
    )
  })
})
