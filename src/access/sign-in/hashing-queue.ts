import { RegistryError } from '../../oci/errors.ts'

/** Each takes 19 MiB, a core for a tenth of a second, and a thread of the pool that also writes and syncs. */
const atOnce = Math.min(4, Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)))
/** More would wait for longer than a client does. */
const mostWaiting = 100

/** Runs few hashings at a time and lets few wait: a flood of sign-ins costs a bounded amount of memory. */
export class HashingQueue {
  readonly #atOnce: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limits: { atOnce: number; mostWaiting: number } = { atOnce, mostWaiting }) {
    this.#atOnce = limits.atOnce
    this.#mostWaiting = limits.mostWaiting
  }

  /** @throws TOO_MANY_REQUESTS */
  async run<T>(hashing: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) await this.#turn()
    else this.#running += 1
    try {
      return await hashing()
    } finally {
      // Whoever is next takes the place over, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) {
      throw new RegistryError('TOO_MANY_REQUESTS', 'too many sign-ins at once: try again in a moment', {
        detail: { retryAfter: 5 },
      })
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
