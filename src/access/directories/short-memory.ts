/** What is remembered until a time, and of so many at the most: the oldest goes first. */
export class ShortMemory<T> {
  readonly #most: number
  readonly #now: () => number
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>()

  /** @param options.now milliseconds since 1970 */
  constructor({ now, most = 10_000 }: { now: () => number; most?: number }) {
    this.#now = now
    this.#most = most
  }

  get(key: string): T | undefined {
    const found = this.#kept.get(key)
    if (found && found.until > this.#now()) return found.value
    if (found) this.#kept.delete(key)
    return undefined
  }

  /** @param until milliseconds since 1970 */
  set(key: string, value: T, until: number): void {
    this.#kept.delete(key)
    if (this.#kept.size >= this.#most) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest)
        break
      }
    }
    this.#kept.set(key, { value, until })
  }
}
