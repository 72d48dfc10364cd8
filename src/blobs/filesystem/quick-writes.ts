import { writevSync } from 'node:fs'

/** A write into the page cache that takes this long waits for the disk, and not only for its processor. Milliseconds. */
const tooSlow = 25
/** For so long other requests are not made to wait for the disk again. Milliseconds. */
const avoidFor = 2000

export interface QuickWritesOptions {
  /** Milliseconds, of a clock that only goes forward. */
  now?(): number
  write?(fd: number, bytes: Uint8Array, position: number): number
}

/**
 * Writes on the thread that serves, as long as that costs no more than a copy into the page cache: bytes that have just
 * come are still in the processor's own cache, and no other thread need be woken. When the disk holds one up, those that
 * follow are left to others for a while.
 */
export class QuickWrites {
  readonly #now: () => number
  readonly #write: (fd: number, bytes: Uint8Array, position: number) => number
  #avoidUntil = Number.NEGATIVE_INFINITY

  constructor(options: QuickWritesOptions = {}) {
    this.#now = options.now ?? (() => performance.now())
    this.#write = options.write ?? ((fd, bytes, position) => writevSync(fd, [bytes], position))
  }

  /** @returns how many of the bytes are written; undefined: none, the disk is slow */
  write(fd: number, bytes: Uint8Array, position: number): number | undefined {
    const started = this.#now()
    if (started < this.#avoidUntil) return undefined
    const written = this.#write(fd, bytes, position)
    const ended = this.#now()
    if (ended - started > tooSlow) this.#avoidUntil = ended + avoidFor
    return written
  }
}
