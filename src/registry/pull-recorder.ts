import type { Pull } from '../metadata/changes/state.ts'
import type { ChangesMetadata } from '../metadata/metadata-store.ts'

/** Manifests that one transaction takes. */
const together = 500
/** What is not written yet; beyond, pulls go unrecorded until the next flush. */
const mostPending = 100_000

/** Gathers which manifests are pulled, and writes each down once in a while: retention goes by it. */
export class PullRecorder {
  readonly #metadata: ChangesMetadata
  #pending = new Map<string, Pull>()

  constructor(metadata: ChangesMetadata) {
    this.#metadata = metadata
  }

  record({ repository, digest }: Pull): void {
    const key = `${repository}@${digest}`
    if (this.#pending.has(key) || this.#pending.size >= mostPending) return
    this.#pending.set(key, { repository, digest })
  }

  /** Writes down what was recorded; what can't be written now is kept for the next time. */
  async flush(): Promise<void> {
    const pulls = [...this.#pending.values()]
    this.#pending = new Map()
    for (let start = 0; start < pulls.length; start += together) {
      try {
        await this.#metadata.change('recordPulls', { pulls: pulls.slice(start, start + together) })
      } catch (error) {
        for (const pull of pulls.slice(start)) this.record(pull)
        throw error
      }
    }
  }
}
