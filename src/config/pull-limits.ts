import type { Rate } from '../rates/rolling-window.ts'
import { setting } from './setting.ts'
import { duration, type Kind } from './values.ts'

const second = 1000
/** Whoever reached a limit is told to come again within a month. */
const longest = 30 * 24 * 3600 * second

/** null: none. */
export const rate: Kind<Rate | null> = {
  allowed:
    'a number and a time of whole seconds up to 30d, such as 100/6h (a hundred in any six hours), or none',
  parse(text) {
    if (text === 'none') return null
    const match = /^([1-9]\d{0,8})\/(.+)$/.exec(text)
    const window = duration.parse(match?.[2] ?? '')
    if (!match || window === undefined || window < second || window > longest || window % second !== 0)
      return undefined
    return { most: Number(match[1]), window }
  },
}

/** How many manifests may be fetched. */
export const pullLimitSettings = {
  'limits.pulls.anonymous': setting(
    rate,
    'none',
    'how many pulls callers of one address have who have not signed in; the 64 bits in front of an IPv6 address are one',
  ),
  'limits.pulls.account': setting(
    rate,
    'none',
    'how many pulls a user or a robot has, from all addresses together',
  ),
}
