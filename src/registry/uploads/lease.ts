import { RegistryError } from '../../oci/errors.ts'
import type { Registry } from '../registry.ts'

/** A third of the 15 s that a lease lasts: two renewals may be lost before the right to write is. Milliseconds. */
const renewEvery = 5000
/** For so long after it was last renewed, the right to write is certain. Milliseconds. */
const certainFor = 10_000

export interface Leased {
  readonly id: string
  /** Who writes: the holder of the lease. */
  readonly writer: string
}

/** Renews the lease while bytes flow, and while they wait for the storage. */
export class LeaseKeeper {
  readonly #registry: Registry
  readonly #leased: Leased
  #askedAt: number
  #certainUntil: number
  #lost = false

  constructor(registry: Registry, leased: Leased) {
    this.#registry = registry
    this.#leased = leased
    this.#askedAt = registry.now()
    this.#certainUntil = this.#askedAt + certainFor
  }

  /**
   * @returns what to wait for before anything is written: bytes that paused for long may find that another has taken the
   * upload over; undefined: the right to write is certain
   * @throws BLOB_UPLOAD_UNKNOWN where it is another's
   */
  renew(): Promise<void> | undefined {
    if (this.#lost) throw takenOver()
    const now = this.#registry.now()
    if (now > this.#certainUntil) return this.#ask(now)
    if (now - this.#askedAt >= renewEvery) {
      // A database that is away for a moment need not end the transfer.
      this.#ask(now).catch(() => undefined)
    }
    return undefined
  }

  async #ask(now: number): Promise<void> {
    this.#askedAt = now
    const { id, writer } = this.#leased
    this.#lost = !(await this.#registry.metadata.change('renewUpload', { id, writer }))
    if (this.#lost) throw takenOver()
    this.#certainUntil = now + certainFor
  }

  /** A storage that is slow is no reason for another to write. */
  async during<T>(work: Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      if (!this.#lost) this.#ask(this.#registry.now()).catch(() => undefined)
    }, renewEvery)
    try {
      return await work
    } finally {
      clearInterval(timer)
    }
  }
}

/** Keeps the right to write for as long as the work takes. */
export function holdLease<T>(registry: Registry, leased: Leased, work: Promise<T>): Promise<T> {
  return new LeaseKeeper(registry, leased).during(work)
}

function takenOver(): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'another request took this upload over')
}
