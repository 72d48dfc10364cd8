/** How many of those that were counted longest ago are looked at for the one to forget. */
const compared = 8

/**
 * What was counted, by key, with bounded memory: of a few that were looked at longest ago, the one with the least is
 * forgotten. Who has used much is so not forgotten for others who used little: a flood of new keys pushes out itself.
 */
export class BoundedCounts<T> {
  readonly #limit: number
  readonly #sizeOf: (value: T) => number
  readonly #values = new Map<string, T>()

  /**
   * @param options.limit how many keys are remembered
   * @param options.sizeOf how much was counted; 0: it may be forgotten at once
   */
  constructor(options: { limit: number; sizeOf: (value: T) => number }) {
    this.#limit = options.limit
    this.#sizeOf = options.sizeOf
  }

  get(key: string): T | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: T): void {
    this.#values.delete(key)
    if (this.#sizeOf(value) <= 0) return
    if (this.#values.size >= this.#limit) this.#forgetOne()
    this.#values.set(key, value)
  }

  delete(key: string): void {
    this.#values.delete(key)
  }

  get size(): number {
    return this.#values.size
  }

  #forgetOne(): void {
    const oldest: [string, T][] = []
    for (const entry of this.#values) {
      oldest.push(entry)
      if (oldest.length >= compared) break
    }
    const sizes = oldest.map(([, value]) => this.#sizeOf(value))
    const least = sizes.indexOf(Math.min(...sizes))
    for (const [index, [key, value]] of oldest.entries()) {
      this.#values.delete(key)
      // The others have their next turn after all the rest.
      if (index !== least) this.#values.set(key, value)
    }
  }
}
