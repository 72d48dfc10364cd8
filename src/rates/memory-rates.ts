import { BoundedCounts } from './bounded-counts.ts'
import { countOf, current, type Rate, type Uses } from './rolling-window.ts'
import type { SharedRates } from './shared-rates.ts'
import { type Share, type ShareAsk, share } from './shares.ts'
import {
  type AttemptKeys,
  type Count,
  type Counter,
  judge,
  type Outcome,
  usedOf,
  type Verdict,
} from './sign-in-rules.ts'

/** Keys of each kind that are remembered: a few MiB. */
const remembered = { pulls: 100_000, signIns: 20_000 }

/** All that is counted, in the memory of one process: of the only one, or of the owner of workers. */
export class MemoryRates implements SharedRates {
  readonly #now: () => number
  readonly #limit: number
  readonly #pulls: BoundedCounts<{ uses: Uses; rate: Rate }>
  readonly #signIns: Readonly<Record<Counter, BoundedCounts<Count>>>
  /** Accounts with the networks that they were signed in to from; a new process learns anew. */
  readonly #known = new Set<string>()

  /** @param limits how many keys are remembered */
  constructor(now: () => number, limits = remembered) {
    this.#now = now
    this.#limit = limits.signIns
    this.#pulls = new BoundedCounts({
      limit: limits.pulls,
      sizeOf: ({ uses, rate }) => countOf(current(uses, rate, now())),
    })
    const counts = (counter: Counter) =>
      new BoundedCounts<Count>({
        limit: limits.signIns,
        sizeOf: (count) => usedOf(counter, count, now()),
      })
    this.#signIns = { pair: counts('pair'), address: counts('address'), account: counts('account') }
  }

  async sharePulls(asked: readonly ShareAsk[]): Promise<readonly Share[]> {
    const now = this.#now()
    return asked.map((one) => {
      const shared = share(this.#pulls.get(one.key)?.uses ?? [], one, now)
      this.#pulls.set(one.key, { uses: shared.uses, rate: one.rate })
      return shared.share
    })
  }

  async beginSignIn(keys: AttemptKeys): Promise<Verdict> {
    const used = {
      pair: this.#used('pair', keys),
      address: this.#used('address', keys),
      account: this.#used('account', keys),
    }
    const verdict = judge(used, this.#known.has(keys.pair))
    if ('refused' in verdict) return verdict
    for (const counter of verdict.counted) this.#add(counter, keys, 1)
    return verdict
  }

  async endSignIn({ keys, counted, right }: Outcome): Promise<void> {
    for (const counter of counted) this.#add(counter, keys, -1)
    if (!right) return
    this.#signIns.pair.delete(keys.pair)
    this.#recognise(keys.pair)
  }

  /** How many keys are remembered. */
  get size(): number {
    const { pair, address, account } = this.#signIns
    return this.#pulls.size + pair.size + address.size + account.size + this.#known.size
  }

  #used(counter: Counter, keys: AttemptKeys): number {
    const count = this.#signIns[counter].get(keys[counter])
    return count ? usedOf(counter, count, this.#now()) : 0
  }

  #add(counter: Counter, keys: AttemptKeys, difference: number): void {
    const count = Math.max(0, this.#used(counter, keys) + difference)
    this.#signIns[counter].set(keys[counter], { count, at: this.#now() })
  }

  #recognise(pair: string): void {
    this.#known.delete(pair)
    if (this.#known.size >= this.#limit) {
      for (const oldest of this.#known) {
        this.#known.delete(oldest)
        break
      }
    }
    this.#known.add(pair)
  }
}
