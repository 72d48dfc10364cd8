import type { ChangeCounters, ChangeKind } from './change-counters.ts'

/** Answers of one query, kept until something of its kind changes. */
export class ReadCache<Value> {
  readonly #counters: ChangeCounters
  readonly #kinds: readonly ChangeKind[]
  readonly #limit: number
  readonly #sizeOf: (value: Value) => number
  readonly #entries = new Map<string, Value>()
  #stamp = ''
  #size = 0
  #seen: number[] = []

  /**
   * @param options.kinds what the answers depend on
   * @param options.limit how much to keep, in bytes as `sizeOf` counts them
   */
  constructor(
    counters: ChangeCounters,
    options: { kinds: readonly ChangeKind[]; limit: number; sizeOf: (value: Value) => number },
  ) {
    this.#counters = counters
    this.#kinds = options.kinds
    this.#limit = options.limit
    this.#sizeOf = options.sizeOf
  }

  /** The kept answer, or that of `load`, which is kept unless it is undefined. */
  get(key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined> | Value {
    this.#forgetWhatChanged()
    const found = this.#entries.get(key)
    return found ?? this.#load(key, load)
  }

  async #load(key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const stamp = this.#stamp
    const value = await load()
    this.#forgetWhatChanged()
    if (value !== undefined && stamp === this.#stamp) this.#keep(key, value)
    return value
  }

  #keep(key: string, value: Value): void {
    const size = this.#sizeOf(value) + key.length
    if (size > this.#limit / 8 || this.#entries.has(key)) return
    // The oldest go first: hot answers are loaded again at once, and nothing is written on a hit.
    for (const [oldest, old] of this.#entries) {
      if (this.#size + size <= this.#limit) break
      this.#entries.delete(oldest)
      this.#size -= this.#sizeOf(old) + oldest.length
    }
    this.#entries.set(key, value)
    this.#size += size
  }

  #forgetWhatChanged(): void {
    const counters = this.#counters.current()
    if (this.#kinds.every((kind, index) => counters[kind] === this.#seen[index])) return
    this.#seen = this.#kinds.map((kind) => counters[kind])
    this.#stamp = this.#seen.join()
    this.#entries.clear()
    this.#size = 0
  }
}
