import type { StoredTrust } from '../../metadata/metadata-store.ts'
import { matchesPattern, workOf } from './claim-pattern.ts'
import { type Claims, claimValues } from './claims.ts'
import { identifies } from './trust-rule.ts'

export type Match<T extends StoredTrust> =
  | { readonly trust: T }
  /** What of a trust that is about the very repository or subject does not fit; undefined: none is. */
  | { readonly trust: undefined; readonly nearly: string | undefined }

/**
 * Characters that patterns may be walked over for one token: a hundred times what people need, and some milliseconds. Who
 * makes trusts, and tokens that fit them, must not hold up everybody else.
 */
const mostWork = 500_000

/** Which of the trusts takes what the token says. */
export function matchTrust<T extends StoredTrust>(trusts: readonly T[], claims: Claims): Match<T> {
  let nearly: string | undefined
  let work = 0
  for (const trust of trusts) {
    const rules = Object.entries(JSON.parse(trust.claims) as Record<string, string>)
    for (const [name, wanted] of rules)
      for (const value of claimValues(claims, name)) work += workOf(wanted, value)
    if (work > mostWork) break
    const wrong = misfits(trust.audience, rules, claims)
    if (wrong.length === 0) return { trust }
    if (!wrong.some(({ name }) => identifies(name))) nearly ??= wordsOf(wrong)
  }
  return { trust: undefined, nearly }
}

interface Misfit {
  readonly name: string
  readonly wanted: string
  readonly given: readonly string[]
}

function misfits(audience: string, rules: readonly [string, string][], claims: Claims): Misfit[] {
  const audiences = claimValues(claims, 'aud')
  const wrong: Misfit[] = audiences.includes(audience)
    ? []
    : [{ name: 'aud', wanted: audience, given: audiences }]
  for (const [name, wanted] of rules) {
    const given = claimValues(claims, name)
    if (!given.some((value) => matchesPattern(wanted, value))) wrong.push({ name, wanted, given })
  }
  return wrong
}

function wordsOf(wrong: readonly Misfit[]): string {
  return wrong
    .map(
      ({ name, wanted, given }) => `${name} must be ${JSON.stringify(wanted)}, and is ${shownValues(given)}`,
    )
    .join('; ')
}

/** As much of a claim as fits into a line. */
export function shownValues(values: readonly string[]): string {
  if (values.length === 0) return 'not there'
  const shown = values.slice(0, 3).map((value) => JSON.stringify(value.slice(0, 200)))
  return values.length > 3 ? `${shown.join(', ')}, …` : shown.join(', ')
}
