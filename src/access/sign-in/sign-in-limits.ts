import { createHash } from 'node:crypto'
import { RegistryError } from '../../oci/errors.ts'
import { MemoryRates } from '../../rates/memory-rates.ts'
import type { SharesSignIns } from '../../rates/shared-rates.ts'
import type { AttemptKeys, Verdict } from '../../rates/sign-in-rules.ts'
import { networkOf } from './addresses.ts'

/** Who tries to sign in from where. */
export interface Attempt {
  /** As it was given, whether there is such an account or not. */
  readonly name: string
  readonly address: string
}

/** Refusals and addresses that are remembered: a few MiB. */
const remembered = 20_000
/** Attempts under way; more would wait for longer than a client does. */
const mostUnderWay = 200

/**
 * How often passwords may be tried, at all processes together: `rates/sign-in-rules.ts` has the rules. What is asked is
 * always answered alike, whether there is such an account or not.
 */
export class SignInLimits {
  readonly #shared: SharesSignIns
  /** Counts where nothing else can. */
  readonly #own: MemoryRates
  readonly #now: () => number
  /** Until when those who were refused need not be asked for again, by the counter's key. */
  readonly #refused = new Map<string, number>()
  /** Accounts with the networks from which they were signed in to here, and no wrong attempt began since. */
  readonly #trusted = new Set<string>()
  #underWay = 0
  #refusals = 0

  constructor(shared: SharesSignIns, now: () => number) {
    this.#shared = shared
    this.#own = new MemoryRates(now)
    this.#now = now
  }

  /**
   * Whether a look into what this process remembers may come before the count: who signed in from there a moment ago
   * does so again, as clients that send a password with each request do. Only one attempt at a time is trusted, and
   * none after a wrong one, so that nobody guesses with it. @returns undefined where it must be counted first
   */
  trust(attempt: Attempt): { succeeded(): void } | undefined {
    const { pair } = keysOf(attempt)
    if (!this.#trusted.delete(pair)) return undefined
    return { succeeded: () => void bound(this.#trusted).add(pair) }
  }

  /**
   * Counts an attempt as a wrong one until it is found to be right, so that many at once are no way around.
   * @param verify undefined: it is wrong; what it throws, nobody is counted for
   * @throws TOO_MANY_REQUESTS
   */
  async attempt<T>(attempt: Attempt, verify: () => Promise<T | undefined>): Promise<T | undefined> {
    const keys = keysOf(attempt)
    this.#refuseAgain(keys)
    // Before anything is counted: a flood leaves nothing behind.
    if (this.#underWay >= mostUnderWay) throw this.#tooMany('too many sign-ins at once', 5000)
    this.#underWay += 1
    try {
      return await this.#counted(keys, verify)
    } finally {
      this.#underWay -= 1
    }
  }

  /** Refused sign-ins. */
  get refusals(): number {
    return this.#refusals
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#refused.size + this.#trusted.size + this.#own.size
  }

  async #counted<T>(keys: AttemptKeys, verify: () => Promise<T | undefined>): Promise<T | undefined> {
    const { rates, verdict } = await this.#begin(keys)
    if ('refused' in verdict) {
      // An address that is refused may still sign in to what it has signed in to before: each account asks for itself.
      bound(this.#refused).set(keys.pair, this.#now() + verdict.wait)
      throw this.#tooManyWrong(verdict.wait)
    }
    const end = (right: boolean) =>
      // What can't be taken back counts as a wrong attempt, and goes as one does.
      rates.endSignIn({ keys, counted: verdict.counted, right }).catch(() => undefined)
    let found: T | undefined
    try {
      found = await verify()
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'TOO_MANY_REQUESTS') this.#refusals += 1
      // Nobody who was told of a failure waits for that.
      void end(false)
      throw error
    }
    if (found === undefined) return undefined
    await end(true)
    bound(this.#trusted).add(keys.pair)
    return found
  }

  /** Where a full disk keeps the database from counting, who wants to pull must still get in: the process counts alone. */
  async #begin(keys: AttemptKeys): Promise<{ rates: SharesSignIns; verdict: Verdict }> {
    try {
      return { rates: this.#shared, verdict: await this.#shared.beginSignIn(keys) }
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'STORAGE_FULL') throw error
      return { rates: this.#own, verdict: await this.#own.beginSignIn(keys) }
    }
  }

  #refuseAgain({ pair }: AttemptKeys): void {
    const until = this.#refused.get(pair)
    if (until === undefined) return
    const wait = until - this.#now()
    if (wait > 0) throw this.#tooManyWrong(wait)
    this.#refused.delete(pair)
  }

  #tooManyWrong(wait: number): RegistryError {
    return this.#tooMany('too many wrong sign-ins', wait)
  }

  #tooMany(what: string, wait: number): RegistryError {
    this.#refusals += 1
    const retryAfter = Math.ceil(wait / 1000)
    return new RegistryError('TOO_MANY_REQUESTS', `${what}: try again in ${retryAfter} seconds`, {
      detail: { retryAfter },
    })
  }
}

/** With room for one more: the oldest goes. */
function bound<C extends Set<string> | Map<string, number>>(keys: C): C {
  if (keys.size < remembered) return keys
  for (const oldest of keys.keys()) {
    keys.delete(oldest)
    break
  }
  return keys
}

function keysOf({ name, address }: Attempt): AttemptKeys {
  // Whatever was sent as a name takes as little room as any.
  const account = createHash('sha256').update(name).digest('base64').slice(0, 22)
  const network = networkOf(address)
  return { pair: `${account} ${network}`, address: network, account }
}
