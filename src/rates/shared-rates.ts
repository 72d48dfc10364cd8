import type { Share, ShareAsk } from './shares.ts'
import type { AttemptKeys, Outcome, Verdict } from './sign-in-rules.ts'

/** Pulls of all processes that serve one registry, counted in one place. */
export interface SharesPulls {
  /** @returns a share for each that was asked for, in their order */
  sharePulls(asked: readonly ShareAsk[]): Promise<readonly Share[]>
}

/** Wrong sign-ins at all processes that serve one registry, counted in one place. */
export interface SharesSignIns {
  /** Counts an attempt as a wrong one, unless there were too many. */
  beginSignIn(keys: AttemptKeys): Promise<Verdict>
  /** It was none. */
  endSignIn(outcome: Outcome): Promise<void>
}

export interface SharedRates extends SharesPulls, SharesSignIns {}
