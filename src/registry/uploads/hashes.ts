import type { DigestAlgorithm } from '../../oci/digest.ts'
import type { ContentHash } from './content-hash.ts'

/** How many uploads may keep their hash between two requests. */
const largestCount = 2000

interface Unfinished {
  readonly offset: number
  readonly hash: ContentHash
}

/** Hashes of uploads between their requests, for when the next one comes to this process too. */
export class UnfinishedHashes {
  /** Whether other processes go on with the same uploads. */
  readonly shared: boolean
  readonly #kept = new Map<string, Unfinished>()

  constructor({ shared = false } = {}) {
    this.shared = shared
  }

  /** Takes the hash of an upload's first `offset` bytes out, if it is here. */
  take(id: string, offset: number, algorithm: DigestAlgorithm): ContentHash | undefined {
    const found = this.#kept.get(id)
    this.#kept.delete(id)
    return found?.offset === offset && found.hash.algorithm === algorithm ? found.hash : undefined
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
