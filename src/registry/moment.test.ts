import { describe, expect, test } from 'bun:test'
import { codeThrownBy } from '../../test/support/thrown.ts'
import { instant, isAge, parseMoment } from './moment.ts'

const now = Date.UTC(2026, 10, 25, 14, 0, 0)

describe('a moment', () => {
  test.each([
    ['90s', now - 90_000],
    ['10m', now - 600_000],
    ['2h', now - 7_200_000],
    ['7d', now - 604_800_000],
    ['2026-11-25T14:00:00.123Z', now + 123],
    ['2026-11-25 14:00:00.5Z', now + 500],
    ['2026-11-25T15:00+01:00', now],
    ['2026-11-25T15:00+0100', now],
  ])('%s is read', (text, at) => {
    expect(parseMoment(text, { now })).toBe(at)
  })

  test('to the second means the end of that second', () => {
    expect(parseMoment('2026-11-25T14:00:00Z', { now })).toBe(now + 999)
  })

  test('without a zone is one of this machine, or refused', () => {
    const at = new Date(2026, 10, 25, 14, 3, 7).getTime()
    expect(parseMoment('2026-11-25 14:03:07', { now, local: true })).toBe(at + 999)
    expect(parseMoment('2026-11-25', { now, local: true })).toBe(new Date(2026, 10, 25).getTime())
    expect(codeThrownBy(() => parseMoment('2026-11-25T14:03:07', { now }))).toBe('PARAMETER_INVALID')
  })

  test.each(['', 'yesterday', '2h ago', '-2h', '2026-13-01T00:00Z', '2026-11-25T25:00Z', '12', '1.5h'])(
    '%p is refused',
    (text) => {
      expect(codeThrownBy(() => parseMoment(text, { now, local: true }))).toBe('PARAMETER_INVALID')
    },
  )

  test('before all clocks is the earliest that can be written', () => {
    expect(instant(parseMoment('999999999d', { now }))).toBe('1970-01-01T00:00:00.000Z')
  })

  test('is written in UTC, and read again as the same', () => {
    expect(instant(now)).toBe('2026-11-25T14:00:00.000Z')
    expect(parseMoment(instant(now + 7), { now: 0 })).toBe(now + 7)
  })

  test('an age is told from a time', () => {
    expect(isAge('2h')).toBe(true)
    expect(isAge('2026-11-25')).toBe(false)
  })
})
