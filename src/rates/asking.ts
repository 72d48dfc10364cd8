import type { Holding } from './holding.ts'
import type { SharesPulls } from './shared-rates.ts'
import type { ShareAsk } from './shares.ts'

/** Keys that are asked for together. */
const together = 200
/** Who was not answered is not asked again for so long. Milliseconds. */
const rest = 1000

interface AskingOptions {
  readonly shared: SharesPulls
  now(): number
  /** Milliseconds. */
  readonly patience: number
}

/** Asks for shares, one question at a time: what comes up meanwhile goes with the next. */
export class Asking {
  /** Those that hold or owe something. */
  readonly holding = new Set<Holding>()
  readonly #options: AskingOptions
  readonly #next = new Map<Holding, PromiseWithResolvers<boolean>>()
  #underWay = false
  #restsUntil = 0

  constructor(options: AskingOptions) {
    this.#options = options
  }

  /** @param need uses that wait for it. @returns false where nobody answered in time */
  ask(holding: Holding, need: number): Promise<boolean> {
    if (this.#options.now() < this.#restsUntil) {
      // Owed, once it is let through.
      this.holding.add(holding)
      return Promise.resolve(false)
    }
    holding.waiting += need
    const asked = this.#next.get(holding) ?? this.#begin(holding)
    if (!this.#underWay) void this.#send()
    return asked.promise
  }

  #begin(holding: Holding): PromiseWithResolvers<boolean> {
    const asked = Promise.withResolvers<boolean>()
    this.#next.set(holding, asked)
    const late = setTimeout(() => {
      // Until the question under way is answered, or fails.
      this.#restsUntil = Number.POSITIVE_INFINITY
      asked.resolve(false)
    }, this.#options.patience)
    void asked.promise.then(() => clearTimeout(late))
    return asked
  }

  async #send(): Promise<void> {
    this.#underWay = true
    // What else this turn of the event loop brings goes with it.
    await Promise.resolve()
    while (this.#next.size > 0) await this.#sendSome([...this.#next].slice(0, together))
    this.#underWay = false
  }

  async #sendSome(some: readonly (readonly [Holding, PromiseWithResolvers<boolean>])[]): Promise<void> {
    const { shared, now } = this.#options
    const asked: ShareAsk[] = []
    for (const [holding] of some) {
      this.#next.delete(holding)
      asked.push(holding.ask(now()))
      holding.waiting = 0
    }
    try {
      const shares = await shared.sharePulls(asked)
      this.#restsUntil = 0
      for (const [index, [holding, { resolve }]] of some.entries()) {
        const share = shares[index]
        if (share) holding.answer(share, now())
        this.#note(holding)
        resolve(share !== undefined)
      }
    } catch {
      this.#restsUntil = now() + rest
      for (const [index, [holding, { resolve }]] of some.entries()) {
        const unheard = asked[index]
        if (unheard) holding.unanswered(unheard)
        this.holding.add(holding)
        resolve(false)
      }
    }
  }

  #note(holding: Holding): void {
    if (holding.holdsNothing) this.holding.delete(holding)
    else this.holding.add(holding)
  }
}
