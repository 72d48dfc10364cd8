import type { LimitName, ReachedLimit } from '../oci/limit-reached.ts'

/** How slowly a body may arrive. Milliseconds; 0: no limit. */
export interface Pace {
  /** Until its first byte. */
  readonly firstByte: number
  /** Between two pieces. */
  readonly pause: number
  /** Until its end; for what is held in memory until then. */
  readonly whole: number
  /** Bytes in a second that it must bring at least, on average over `window`. */
  readonly rate: number
  readonly window: number
}

/**
 * How a body keeps to its pace. Only time in which the registry waits for the client counts, so that a slow storage is
 * nobody's fault but its own.
 */
export class PaceKeeper {
  readonly #pace: Pace
  readonly #startedAt: number
  #received = 0
  #windowBytes = 0
  #windowWaited = 0

  constructor(pace: Pace, now: number) {
    this.#pace = pace
    this.#startedAt = now
  }

  /** A piece came that was waited for since then. */
  arrived(bytes: number, { now, since }: { now: number; since: number }): void {
    this.#received += bytes
    this.#windowBytes += bytes
    this.#windowWaited += now - since
    if (this.#windowWaited < this.#pace.window || this.#isTooSlow(this.#windowWaited)) return
    this.#windowBytes = 0
    this.#windowWaited = 0
  }

  /** What the client misses who is waited for since then; undefined: nothing. */
  missed({ now, since }: { now: number; since: number }): ReachedLimit | undefined {
    const { firstByte, pause, whole, rate, window } = this.#pace
    const quiet = now - since
    const over = (limit: number, time: number) => limit > 0 && time >= limit
    if (this.#received === 0 && over(firstByte, quiet)) return reached('limits.first-byte', firstByte)
    if (over(pause, quiet)) return reached('http.idle-timeout', pause)
    if (over(whole, now - this.#startedAt)) return reached('limits.body-time', whole)
    const waited = this.#windowWaited + quiet
    return waited >= window && this.#isTooSlow(waited) ? reached('limits.upload-rate', rate) : undefined
  }

  #isTooSlow(waited: number): boolean {
    return this.#windowBytes < (this.#pace.rate * waited) / 1000
  }
}

function reached(setting: LimitName, limit: number): ReachedLimit {
  return { setting, limit }
}
