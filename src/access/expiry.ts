import { RegistryError } from '../oci/errors.ts'

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

/** What a date of four digits of a year can say. */
const latest = Date.UTC(9999, 11, 31)

/**
 * When something ends: a time from now such as `90s` or `30d`, a date, or never.
 * @returns milliseconds since 1970; undefined: never
 * @throws PARAMETER_INVALID, also where it is over already
 */
export function parseExpiry(text: string, now: number): number | undefined {
  if (text === 'never') return undefined
  const span = /^(\d{1,6})(s|m|h|d|w|y)$/.exec(text)
  const dated = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(
    text,
  )
  const at = span
    ? now + Number(span[1]) * (units[span[2] ?? ''] ?? 0)
    : dated
      ? Date.parse(text)
      : Number.NaN
  if (Number.isNaN(at) || at > latest) {
    throw new RegistryError(
      'PARAMETER_INVALID',
      'an expiry is a time from now, such as 90s, 12h, 30d or 1y, a date such as 2027-01-31, or never',
      { detail: { expires: text.slice(0, 100) } },
    )
  }
  if (at <= now) throw new RegistryError('PARAMETER_INVALID', 'the expiry lies in the past')
  return at
}
