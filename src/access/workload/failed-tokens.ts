import { RegistryError } from '../../oci/errors.ts'
import { BoundedCounts } from '../../rates/bounded-counts.ts'
import { networkOf } from '../sign-in/addresses.ts'

/** Addresses that are remembered: a few MiB. */
const remembered = 20_000
/** Tokens that were no good, from one address. */
const most = 100
/** Milliseconds until one of them is forgotten. */
const refill = 3000

interface Failures {
  readonly count: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * Tokens that were no good, by the address that they came from: 100, then one every three seconds, at each process.
 * Nobody guesses a signature: this bounds what the rest costs us, and leaves room for a pipeline that is set up wrongly.
 */
export class FailedTokens {
  readonly #now: () => number
  readonly #failures = new BoundedCounts<Failures>({
    limit: remembered,
    sizeOf: (failures) => this.#left(failures),
  })

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws TOO_MANY_REQUESTS */
  requireFew(address: string): void {
    const over = this.#of(networkOf(address)) - most + 1
    if (over <= 0) return
    const retryAfter = Math.ceil((over * refill) / 1000)
    throw new RegistryError(
      'TOO_MANY_REQUESTS',
      `too many workload tokens from here that were no good: try again in ${retryAfter} seconds`,
      { detail: { retryAfter } },
    )
  }

  count(address: string): void {
    const network = networkOf(address)
    this.#failures.set(network, { count: this.#of(network) + 1, at: this.#now() })
  }

  #of(network: string): number {
    const failures = this.#failures.get(network)
    return failures ? this.#left(failures) : 0
  }

  #left({ count, at }: Failures): number {
    return Math.max(0, count - Math.max(0, this.#now() - at) / refill)
  }
}
