import { Asking } from './asking.ts'
import { Holding, type Standing } from './holding.ts'
import type { Rate } from './rolling-window.ts'
import type { SharesPulls } from './shared-rates.ts'

export interface PullSharesOptions {
  /** Where the uses of all processes are counted. */
  readonly shared: SharesPulls
  /** Milliseconds since 1970. */
  now(): number
  /** Keys that are remembered. */
  readonly limit?: number
  /** How long a use waits for an answer, before it is judged by what this process knows. Milliseconds. */
  readonly patience?: number
}

/**
 * A process's part of limits that hold for all processes together. It lets uses through out of shares that it was given,
 * and asks for another when one is used up. So all of them together never let through more than the limit; a client may
 * be refused a moment early while another process has a share of his that it gives back. Who asks and is not answered is
 * judged by what the process knows, and what was let through is counted later.
 */
export class PullShares {
  readonly #holdings = new Map<string, Holding>()
  readonly #asking: Asking
  readonly #now: () => number
  readonly #limit: number
  #timer: ReturnType<typeof setInterval> | undefined

  constructor({ shared, now, limit = 50_000, patience = 2000 }: PullSharesOptions) {
    this.#now = now
    this.#limit = limit
    this.#asking = new Asking({ shared, now, patience })
  }

  /** Takes one use, at once where a share is at hand. */
  take(key: string, rate: Rate): Standing | Promise<Standing> {
    const holding = this.#holding(key, rate)
    const now = this.#now()
    if (holding.spend(now)) return holding.standing()
    if (holding.isUsedUp(now)) return holding.refusal(now)
    return this.#takeAfterAnswer(holding)
  }

  /** How the key stands, without a use. */
  look(key: string, rate: Rate): Standing | Promise<Standing> {
    const holding = this.#holding(key, rate)
    if (holding.isFresh(this.#now())) return holding.standing()
    return this.#asking.ask(holding, 0).then(() => holding.standing())
  }

  /** Gives back what is not used, from now on each second. */
  start(): void {
    this.#timer = setInterval(() => this.giveBack(), 1000)
    this.#timer.unref()
  }

  /** Gives back shares that nobody has used for a while, and tells of what is owed. */
  giveBack(): void {
    const now = this.#now()
    for (const holding of this.#asking.holding) if (holding.isIdle(now)) void this.#asking.ask(holding, 0)
  }

  /** Gives everything back that it holds; waits no longer than any use does. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([...this.#asking.holding].map((holding) => this.#asking.ask(holding, 0)))
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#holdings.size
  }

  async #takeAfterAnswer(holding: Holding): Promise<Standing> {
    for (;;) {
      const answered = await this.#asking.ask(holding, 1)
      const now = this.#now()
      if (!answered) return holding.takeUnasked(now)
      if (holding.spend(now)) return holding.standing()
      // Others that waited too were quicker, and there is more to be had.
      if (holding.isUsedUp(now)) return holding.refusal(now)
    }
  }

  #holding(key: string, rate: Rate): Holding {
    const found = this.#holdings.get(key)
    if (found) return found
    const made = new Holding(key, rate)
    if (this.#holdings.size >= this.#limit) this.#forgetOldest()
    this.#holdings.set(key, made)
    return made
  }

  /** What it used is counted elsewhere, and is asked for again. What it holds comes back by itself. */
  #forgetOldest(): void {
    for (const oldest of this.#holdings.keys()) {
      this.#holdings.delete(oldest)
      return
    }
  }
}
