import type { Database } from 'bun:sqlite'
import type { CommitSignal } from './commit-signal.ts'

/** What a cached answer may depend on. */
export type ChangeKind = 'tags' | 'manifests' | 'links' | 'state' | 'access'

/**
 * Tells whether anything of a kind changed, by this process or another: one look at SQLite's data_version, which
 * every commit of another connection moves, and only then at the counters that triggers bump.
 *
 * The look takes locks and costs as much as the rest of a pull, so that one serves all requests of a turn of the event
 * loop: their bytes had arrived before the turn began, and so before whatever another process acknowledged since. That
 * holds for connections that were open before; one that is accepted in the middle of a turn may bring a request that is
 * younger than the look. Workers that share a port accept all the time, so they also look at the signal of their owner.
 */
export class ChangeCounters {
  readonly #version
  readonly #counters
  readonly #signal: CommitSignal | undefined
  #signalled: number | undefined
  #seen = -1
  #fresh = false
  readonly #expire = () => {
    this.#fresh = false
  }
  readonly #values: Record<ChangeKind, number> = { tags: 0, manifests: 0, links: 0, state: 0, access: 0 }

  constructor(database: Database, signal?: CommitSignal) {
    this.#signal = signal
    this.#version = database.query<{ data_version: number }, []>('PRAGMA data_version')
    this.#counters = database.query<{ kind: ChangeKind; value: number }, []>(
      'select kind, value from change_counters',
    )
  }

  /** The counters as of the last commit before this turn of the event loop, or before `expire`. */
  current(): Readonly<Record<ChangeKind, number>> {
    const signalled = this.#signal?.value()
    if (this.#fresh && signalled === this.#signalled) return this.#values
    this.#fresh = true
    // Before the look, so that a commit in between is noticed at the next call.
    this.#signalled = signalled
    // Immediates run before the loop looks for the next requests.
    setImmediate(this.#expire)
    const version = this.#version.get()?.data_version ?? -1
    if (version !== this.#seen) {
      // In this order: a commit in between is then noticed at the next call.
      this.#seen = version
      for (const { kind, value } of this.#counters.all()) this.#values[kind] = value
    }
    return this.#values
  }

  /** Call it when a change of our own is done: whoever is told of it must see it. */
  expire(): void {
    this.#fresh = false
  }
}
