import type { DigestAlgorithm } from '../../oci/digest.ts'

/** How many uploads may keep their hash between two requests; an upload pushed out is hashed again when it goes on. */
const largestCount = 2000

interface Unfinished {
  readonly offset: number
  readonly algorithm: DigestAlgorithm
  readonly hasher: Bun.CryptoHasher
}

/** Hash states of uploads between their requests. Bun can't export them, so they live here, in this process. */
export class UnfinishedHashes {
  readonly #kept = new Map<string, Unfinished>()

  /** Takes the hash of an upload's first `offset` bytes out, if it is here. */
  take(id: string, offset: number, algorithm: DigestAlgorithm): Bun.CryptoHasher | undefined {
    const found = this.#kept.get(id)
    this.#kept.delete(id)
    return found?.offset === offset && found.algorithm === algorithm ? found.hasher : undefined
  }

  keep(id: string, unfinished: Unfinished): void {
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= largestCount && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(id, unfinished)
  }

  forget(id: string): void {
    this.#kept.delete(id)
  }
}
