import type { FindsBlobs } from '../metadata/metadata-store.ts'

/** Blobs that are summed at once: a millisecond or two, so that nobody waits. */
const slice = 5000
/** How old an answer may be. Milliseconds. */
const freshFor = 60_000

interface Stored {
  readonly count: number
  readonly bytes: number
}

/** How much is stored, summed slice by slice and remembered for a minute. */
export class StorageMeter {
  readonly #metadata: FindsBlobs
  readonly #now: () => number
  #measured: Promise<Stored> | undefined
  #measuredAt = 0

  constructor(metadata: FindsBlobs, now: () => number) {
    this.#metadata = metadata
    this.#now = now
  }

  read(): Promise<Stored> {
    if (!this.#measured || this.#now() - this.#measuredAt > freshFor) {
      this.#measuredAt = this.#now()
      this.#measured = this.#sum()
      this.#measured.catch(() => {
        this.#measured = undefined
      })
    }
    return this.#measured
  }

  async #sum(): Promise<Stored> {
    let count = 0
    let bytes = 0
    let after: string | undefined = ''
    while (after !== undefined) {
      const sum = await this.#metadata.sumBlobs({ after, limit: slice })
      count += sum.count
      bytes += sum.bytes
      after = sum.last
      await Bun.sleep(0)
    }
    return { count, bytes }
  }
}
