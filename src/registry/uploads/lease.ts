import { RegistryError } from '../../oci/errors.ts'
import type { Registry } from '../registry.ts'

/** A third of the 15 s that a lease lasts: two renewals may be lost before the right to write is. Milliseconds. */
const renewEvery = 5000

export interface Leased {
  readonly id: string
  /** Who writes: the holder of the lease. */
  readonly writer: string
}

/** Renews the lease while bytes flow, and while they wait for the storage. */
export class LeaseKeeper {
  readonly #registry: Registry
  readonly #leased: Leased
  #renewedAt: number
  #lost = false

  constructor(registry: Registry, leased: Leased) {
    this.#registry = registry
    this.#leased = leased
    this.#renewedAt = registry.now()
  }

  renew(): void {
    if (this.#lost) throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'another request took this upload over')
    const now = this.#registry.now()
    if (now - this.#renewedAt < renewEvery) return
    this.#renewedAt = now
    const { id, writer } = this.#leased
    this.#registry.metadata.change('renewUpload', { id, writer }).then(
      (held) => {
        this.#lost = !held
      },
      // The commit asks again: a database that is away for a moment need not end the transfer.
      () => undefined,
    )
  }

  /** A storage that is slow is no reason for another to write. */
  async during<T>(work: Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      if (!this.#lost) this.renew()
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
