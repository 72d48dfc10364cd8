import type { Pull } from '../metadata/changes/state.ts'
import type { ChangesMetadata, CollectsGarbage, KeepsState } from '../metadata/metadata-store.ts'

/** Manifests that one transaction takes. */
const together = 500
/** What is not written yet; beyond, pulls go unrecorded until the next flush. */
const mostPending = 100_000

/** Where it is on record since when every pull has been recorded. */
const sinceKey = 'pulls-since'

/** Milliseconds since 1970; undefined: no server has recorded pulls here yet. */
export async function pullsSince(metadata: KeepsState): Promise<number | undefined> {
  const since = await metadata.getState(sinceKey)
  return since === undefined ? undefined : Number(since)
}

/** What writes down which manifests were pulled, before somebody goes by it. */
export interface RecordsPulls {
  flush(): Promise<void>
}

/** Gathers which manifests are pulled, and writes each down once in a while: retention goes by it. */
export class PullRecorder implements RecordsPulls {
  readonly #metadata: ChangesMetadata & KeepsState & Pick<CollectsGarbage, 'clock'>
  #pending = new Map<string, Pull>()
  #missed = false

  constructor(metadata: ChangesMetadata & KeepsState & Pick<CollectsGarbage, 'clock'>) {
    this.#metadata = metadata
  }

  /** From the first start on, a manifest without a pull on record is one that nobody pulled. */
  async start(): Promise<void> {
    if ((await pullsSince(this.#metadata)) === undefined) await this.#startAnew()
  }

  record({ repository, digest }: Pull): void {
    const key = `${repository}@${digest}`
    if (this.#pending.has(key)) return
    if (this.#pending.size >= mostPending) this.#missed = true
    else this.#pending.set(key, { repository, digest })
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
    // Some pull is on no record: nothing without one counts as unused because of that.
    if (this.#missed) await this.#startAnew()
  }

  async #startAnew(): Promise<void> {
    this.#missed = false
    try {
      const value = String(await this.#metadata.clock())
      await this.#metadata.change('setState', { key: sinceKey, value })
    } catch (error) {
      this.#missed = true
      throw error
    }
  }
}
