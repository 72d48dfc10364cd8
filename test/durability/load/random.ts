/** Chance that repeats itself: the same seed, the same choices. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** At least 0 and below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** At least 0 and below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** Both ends belong to it. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** @returns undefined where there is nothing to choose from */
  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)]
  }

  /** One of the keys, each as likely as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) return key
    }
    throw new Error('no choice has a weight')
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const words = new Uint32Array(Math.ceil(length / 4))
    for (let index = 0; index < words.length; index += 1) words[index] = this.next() * 2 ** 32
    return new Uint8Array(words.buffer, 0, length).slice()
  }

  /** A generator of its own, so that what one client does leaves the choices of the others alone. */
  fork(): Random {
    return new Random(this.next() * 2 ** 32)
  }
}

/** A seed that was asked for, or a new one. */
export function seedOf(text: string | undefined): number {
  const seed = text === undefined ? Date.now() % 1_000_000_000 : Number(text)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`a seed is a whole number, not ${text}`)
  return seed
}
