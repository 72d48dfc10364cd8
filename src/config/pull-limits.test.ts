import { describe, expect, test } from 'bun:test'
import { rate } from './pull-limits.ts'

describe('a rate', () => {
  test('is a number and a time, or none', () => {
    expect(rate.parse('100/6h')).toEqual({ most: 100, window: 21_600_000 })
    expect(rate.parse('1/1s')).toEqual({ most: 1, window: 1000 })
    expect(rate.parse('999999999/30d')).toEqual({ most: 999_999_999, window: 30 * 86_400_000 })
    expect(rate.parse('none')).toBeNull()
  })

  test('has nothing that a header could not tell, and nothing that lets nobody pull', () => {
    for (const text of [
      '',
      '100',
      '/6h',
      '0/6h',
      '-1/6h',
      '1.5/6h',
      '1e3/6h',
      '100/0s',
      '100/1500ms',
      '100/31d',
    ])
      expect([text, rate.parse(text)]).toEqual([text, undefined])
    for (const text of ['100/6 h', ' 100/6h', '100/6h/2', '100/h', '9999999999/6h'])
      expect([text, rate.parse(text)]).toEqual([text, undefined])
  })
})
