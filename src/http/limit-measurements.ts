import type { SignInLimits } from '../access/sign-in/sign-in-limits.ts'
import type { Measurement } from '../logging/measurement.ts'
import type { PullShares } from '../rates/pull-shares.ts'
import type { PullLimits } from './distribution/pull-limits.ts'

/** What a process refuses, and what it remembers for that. */
export interface Limiting {
  readonly signIns: SignInLimits
  /** Undefined: nothing limits pulls. */
  readonly pulls: { readonly limits: PullLimits; readonly shares: PullShares } | undefined
  /** How many keys it counts for all processes. */
  keys(): number
}

export function limitMeasurements({ signIns, pulls, keys }: Limiting): readonly Measurement[] {
  return [
    {
      name: 'berth_sign_ins_refused_total',
      help: 'Sign-ins that were refused because of too many wrong ones, or too many at once',
      kind: 'counter',
      read: () => signIns.refusals,
    },
    {
      name: 'berth_pulls_refused_total',
      help: 'Pulls that were refused because the caller had reached his limit',
      kind: 'counter',
      read: () => pulls?.limits.refusals ?? 0,
    },
    keysMeasurement(() => keys() + signIns.size + (pulls?.shares.size ?? 0)),
  ]
}

/** @param read how many keys this process remembers */
export function keysMeasurement(read: () => number): Measurement {
  return {
    name: 'berth_limit_keys',
    help: 'Addresses and accounts that are remembered for limits',
    kind: 'gauge',
    read,
  }
}
