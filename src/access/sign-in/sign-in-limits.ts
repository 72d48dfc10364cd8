import { createHash } from 'node:crypto'
import { RegistryError } from '../../oci/errors.ts'
import { networkOf } from './addresses.ts'
import { Allowances } from './allowances.ts'

/** Who tries to sign in from where. */
export interface Attempt {
  /** As it was given, whether there is such an account or not. */
  readonly name: string
  readonly address: string
}

const second = 1000
const minute = 60 * second
/** Names, addresses and pairs of them that are remembered: each a few MiB at most. */
const remembered = 20_000
/** Attempts on one account that every address has, whatever all others do. */
const ownAttempts = 3

/**
 * How often passwords may be tried:
 * - an address on one account: 10 wrong ones, then one a minute;
 * - an address on all accounts: 50 wrong ones, then one every six seconds;
 * - all addresses on one account: 100 wrong ones, then one a minute; but an address that has signed in to it before, and
 *   the first three tries of any other, are not counted against the account. So nobody can lock another one out.
 *
 * What is asked is always answered alike, whether there is such an account or not.
 */
export class SignInLimits {
  readonly #pairs: Allowances
  readonly #addresses: Allowances
  readonly #accounts: Allowances
  /** Accounts with the networks that they were signed in to from; a new process learns anew. */
  readonly #known = new Set<string>()

  constructor(now: () => number, limit = remembered) {
    this.#pairs = new Allowances({ most: 10, refill: minute, limit, now })
    this.#addresses = new Allowances({ most: 50, refill: 6 * second, limit, now })
    this.#accounts = new Allowances({ most: 100, refill: minute, limit, now })
  }

  /**
   * Counts an attempt as a wrong one until it is told to be right, so that many at once are no way around.
   * @throws TOO_MANY_REQUESTS
   */
  begin(attempt: Attempt): { succeeded(): void; abandoned(): void } {
    const { pair, address, account } = keysOf(attempt)
    const known = this.#known.has(pair)
    const shared = !known && this.#pairs.used(pair) >= ownAttempts
    const wait = Math.max(
      this.#pairs.wait(pair),
      known ? 0 : this.#addresses.wait(address),
      shared ? this.#accounts.wait(account) : 0,
    )
    if (wait > 0) throw tooMany(wait)
    this.#pairs.take(pair)
    if (!known) this.#addresses.take(address)
    if (shared) this.#accounts.take(account)
    const abandoned = () => {
      this.#pairs.giveBack(pair)
      if (!known) this.#addresses.giveBack(address)
      if (shared) this.#accounts.giveBack(account)
    }
    return {
      abandoned,
      succeeded: () => {
        abandoned()
        this.#pairs.clear(pair)
        this.#recognise(pair)
      },
    }
  }

  /** How many names, addresses and pairs are remembered. */
  get size(): number {
    return this.#pairs.size + this.#addresses.size + this.#accounts.size + this.#known.size
  }

  #recognise(pair: string): void {
    this.#known.delete(pair)
    if (this.#known.size >= remembered) {
      for (const oldest of this.#known) {
        this.#known.delete(oldest)
        break
      }
    }
    this.#known.add(pair)
  }
}

function tooMany(wait: number): RegistryError {
  const retryAfter = Math.ceil(wait / 1000)
  return new RegistryError(
    'TOO_MANY_REQUESTS',
    `too many wrong sign-ins: try again in ${retryAfter} seconds`,
    {
      detail: { retryAfter },
    },
  )
}

function keysOf({ name, address }: Attempt) {
  // Whatever was sent as a name takes as little room as any.
  const account = createHash('sha256').update(name).digest('base64').slice(0, 22)
  const network = networkOf(address)
  return { pair: `${account} ${network}`, address: network, account }
}
