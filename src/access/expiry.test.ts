import { expect, test } from 'bun:test'
import { thrownBy } from '../../test/support/thrown.ts'
import { parseExpiry } from './expiry.ts'

const now = Date.parse('2026-11-25T12:00:00Z')
const day = 86_400_000

test.each([
  ['90s', now + 90_000],
  ['10m', now + 600_000],
  ['12h', now + day / 2],
  ['30d', now + 30 * day],
  ['2w', now + 14 * day],
  ['1y', now + 365 * day],
  ['2027-01-31', Date.parse('2027-01-31T00:00:00Z')],
  ['2027-01-31T10:00:00+01:00', Date.parse('2027-01-31T09:00:00Z')],
  ['never', undefined],
])('%s ends then', (text, at) => {
  expect(parseExpiry(text, now)).toBe(at)
})

test.each(['', '30', 'd', '-1d', '0d', '2020-01-01', 'tomorrow', '2027-13-01', '1e3d', '999999y'])(
  '%p is no time that is to come',
  (text) => {
    expect((thrownBy(() => parseExpiry(text, now)) as { code?: string }).code).toBe('PARAMETER_INVALID')
  },
)
