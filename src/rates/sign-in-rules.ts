const second = 1000
const minute = 60 * second

export type Counter = 'pair' | 'address' | 'account'

/** How many wrong sign-ins are free, and milliseconds until one of them comes back. */
export const signInRules = {
  /** An address on one account. */
  pair: { most: 10, refill: minute },
  /** An address on all accounts. */
  address: { most: 50, refill: 6 * second },
  /** All addresses on one account. */
  account: { most: 100, refill: minute },
} as const satisfies Record<Counter, { most: number; refill: number }>

/** Attempts on one account that every address has, whatever all others do. */
const ownAttempts = 3

/** Under what an attempt is counted. */
export type AttemptKeys = Readonly<Record<Counter, string>>

/** What is counted of an attempt; a wait in milliseconds, and whose it is, where it may not be made. */
export type Verdict =
  | { readonly refused: Counter; readonly wait: number }
  | { readonly counted: readonly Counter[] }

/** How an attempt ended that was not a wrong one. */
export interface Outcome {
  readonly keys: AttemptKeys
  readonly counted: readonly Counter[]
  /** False: nobody found out whether it was right. */
  readonly right: boolean
}

/**
 * Whether an attempt may be made. An address that has signed in to the account before, and the first tries of any other,
 * are not counted against the account, nor a known one against its address: so nobody can lock another one out.
 * @param used what each counter has, by now
 * @param known whether the address has signed in to the account before
 */
export function judge(used: Readonly<Record<Counter, number>>, known: boolean): Verdict {
  const counted: Counter[] = known
    ? ['pair']
    : // A try comes back whole, not in parts.
      Math.ceil(used.pair) >= ownAttempts
      ? ['pair', 'address', 'account']
      : ['pair', 'address']
  const waits = counted.map((counter) => ({ refused: counter, wait: waitOf(counter, used[counter]) }))
  const longest = waits.reduce((most, each) => (each.wait > most.wait ? each : most))
  return longest.wait > 0 ? longest : { counted }
}

/** A count and when it stood there; it goes down as time goes by. */
export interface Count {
  readonly count: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What is left of a count by now. */
export function usedOf(counter: Counter, { count, at }: Count, now: number): number {
  return Math.max(0, count - Math.max(0, now - at) / signInRules[counter].refill)
}

function waitOf(counter: Counter, used: number): number {
  const { most, refill } = signInRules[counter]
  const over = used - most + 1
  return over <= 0 ? 0 : Math.ceil(over * refill)
}
