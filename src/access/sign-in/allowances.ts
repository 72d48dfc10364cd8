/**
 * Allowances by key, each used up one by one and filled again as time goes by. Memory is bounded: the one that was
 * looked at longest ago goes first.
 */
export class Allowances {
  readonly #most: number
  readonly #refill: number
  readonly #limit: number
  readonly #now: () => number
  readonly #used = new Map<string, Used>()

  /**
   * @param options.most how many there are in a full one
   * @param options.refill milliseconds until one comes back
   * @param options.limit how many keys are remembered
   */
  constructor(options: { most: number; refill: number; limit: number; now: () => number }) {
    this.#most = options.most
    this.#refill = options.refill
    this.#limit = options.limit
    this.#now = options.now
  }

  /** How many are used up now. */
  used(key: string): number {
    const found = this.#used.get(key)
    return found ? this.#remaining(found) : 0
  }

  /** Milliseconds until there is one to take; 0: there is. */
  wait(key: string): number {
    const over = this.used(key) - this.#most + 1
    return over <= 0 ? 0 : Math.ceil(over * this.#refill)
  }

  take(key: string): void {
    this.#put(key, this.used(key) + 1)
  }

  giveBack(key: string): void {
    this.#put(key, Math.max(0, this.used(key) - 1))
  }

  clear(key: string): void {
    this.#used.delete(key)
  }

  get size(): number {
    return this.#used.size
  }

  #remaining({ count, at }: Used): number {
    return Math.max(0, count - (this.#now() - at) / this.#refill)
  }

  #put(key: string, count: number): void {
    this.#used.delete(key)
    if (count <= 0) return
    if (this.#used.size >= this.#limit) this.#forgetOldest()
    this.#used.set(key, { count, at: this.#now() })
  }

  #forgetOldest(): void {
    for (const oldest of this.#used.keys()) {
      this.#used.delete(oldest)
      return
    }
  }
}

interface Used {
  readonly count: number
  readonly at: number
}
