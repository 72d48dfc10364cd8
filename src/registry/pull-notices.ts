import type { NotedPull } from '../metadata/changes/tell-pulls.ts'
import type { ChangesMetadata, FindsWebhooks } from '../metadata/metadata-store.ts'

/** Who hears of each pull, in memory: it must cost nothing where nobody asks. */
export interface NotesPulls {
  /** Whether to note any. */
  readonly wanted: boolean
  note(pull: NotedPull): void
}

/** Pulls that one transaction takes. */
const together = 200
/** What is not written yet; beyond, pulls are told to nobody. */
const mostPending = 10_000

/** Gathers pulls for webhooks that want to hear of them, and queues them a moment later, many at once. */
export class PullNotices implements NotesPulls {
  readonly #metadata: ChangesMetadata & FindsWebhooks
  #pending: NotedPull[] = []
  #dropped = 0
  wanted = false

  constructor(metadata: ChangesMetadata & FindsWebhooks) {
    this.#metadata = metadata
  }

  note(pull: NotedPull): void {
    if (this.#pending.length < mostPending) this.#pending.push(pull)
    else this.#dropped += 1
  }

  /** Looks whether anybody wants to hear of pulls by now. */
  async look(): Promise<void> {
    this.wanted = await this.#metadata.pullsAreWanted()
  }

  /** Queues what was noted; what can't be queued now is kept for the next time. @returns how many were too many */
  async flush(): Promise<number> {
    const pulls = this.#pending
    this.#pending = []
    for (let start = 0; start < pulls.length; start += together) {
      try {
        await this.#metadata.change('tellPulls', { pulls: pulls.slice(start, start + together) })
      } catch (error) {
        for (const pull of pulls.slice(start)) this.note(pull)
        throw error
      }
    }
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }
}
