import { RegistryError } from '../oci/errors.ts'

/** A time as operators read it and programs parse it: ISO 8601 in UTC, with milliseconds. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const age = /^(\d{1,9})(s|m|h|d)$/
const time =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[T ](?<minute>\d{2}:\d{2})(?<second>:\d{2})?(?<fraction>\.\d{1,9})?(?<zone>Z|[+-]\d{2}:?\d{2})?)?$/

export interface MomentOptions {
  /** Milliseconds since 1970: what an age counts from. */
  readonly now: number
  /** Whether a time without a zone is one of this machine's; else it is refused. */
  readonly local?: boolean
}

/**
 * Reads a time: ISO 8601 such as `2026-11-25T14:00:00Z`, or an age such as `2h`. A time given to the second means the
 * end of it, so that a move that a list dates to that second counts.
 * @returns milliseconds since 1970
 * @throws PARAMETER_INVALID
 */
export function parseMoment(text: string, { now, local = false }: MomentOptions): number {
  const aged = age.exec(text)
  // Nothing is older than the clock.
  if (aged) return Math.max(0, now - Number(aged[1]) * (units[aged[2] ?? ''] ?? 0))
  const parts = time.exec(text)?.groups
  if (parts && (parts.zone || local)) {
    const { day, minute = '00:00', second = '', fraction = '', zone = '' } = parts
    const at = Date.parse(`${day}T${minute}${second || ':00'}${fraction}${zone}`)
    if (!Number.isNaN(at)) return second !== '' && fraction === '' ? at + 999 : at
  }
  throw new RegistryError(
    'PARAMETER_INVALID',
    `a time is ISO 8601${local ? '' : ' with its zone'}, such as 2026-11-25T14:00:00Z, or an age, such as 90s, 10m, 2h or 7d`,
    { detail: { time: text.slice(0, 100) } },
  )
}

/** Whether a text is an age, which counts from the clock of whoever reads it. */
export function isAge(text: string): boolean {
  return age.test(text)
}
