import type { AuditEntry } from '../../metadata/audit/entry.ts'
import type { ChangesMetadata } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { Gathered, type GatheredPath } from './gathered.ts'

/** Which pulls are recorded. Where everybody may do everything, all are of public repositories. */
export type AuditedPulls = 'private' | 'all' | 'none'

/** What happened, without how often and when. */
export type Happening = Omit<AuditEntry, 'age' | 'firstAge' | 'count'>

/** Records what changes nothing in the metadata: pulls, sign-ins, and what was refused. */
export interface RecordsAudit {
  readonly pulls: AuditedPulls
  /**
   * Counts what happened a moment ago already: alike within some seconds is one entry with a count.
   * @param path tells it from others
   * @returns false: it is to be described
   */
  again(path: GatheredPath): boolean
  happened(path: GatheredPath, happening: Happening): void
}

interface Pending {
  readonly happening: Happening
  first: number
  last: number
  count: number
}

export interface RecorderOptions {
  readonly metadata: ChangesMetadata
  readonly pulls: AuditedPulls
  /** Milliseconds since 1970. */
  now(): number
  failed(error: unknown): void
}

/** How long what happens is gathered. Milliseconds. */
const gathering = 5000
/** How often a failure that lasts is told again. Milliseconds. */
const reminder = 60_000
/** Entries that one transaction takes. */
const together = 500
/** So many are written down at once, before their time. */
const early = 2000
/** What is not written yet; beyond, only how much is dropped is recorded. */
const mostPending = 20_000

/** Gathers what happens in memory and writes it down each few seconds: a flood of the same is one entry. */
export class AuditRecorder implements RecordsAudit {
  readonly pulls: AuditedPulls
  readonly #options: RecorderOptions
  #pending = new Gathered<Pending>()
  #dropped = 0
  #writing: Promise<void> | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #toldAt = Number.NEGATIVE_INFINITY
  /** Since the start. */
  droppedInAll = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.pulls = options.pulls
  }

  start(): void {
    this.#timer = setInterval(() => this.#write(), gathering)
    this.#timer.unref()
  }

  again(path: GatheredPath): boolean {
    const known = this.#pending.get(path)
    if (!known) return false
    known.count += 1
    known.last = this.#options.now()
    return true
  }

  happened(path: GatheredPath, happening: Happening): void {
    if (this.again(path)) return
    if (this.#pending.size >= mostPending) {
      this.#drop(1)
      return
    }
    const now = this.#options.now()
    this.#pending.add(path, { happening, first: now, last: now, count: 1 })
    if (this.#pending.size === early) this.#write()
  }

  /** Writes down what happened until now. @throws what the metadata says; nothing is lost by it */
  flush(): Promise<void> {
    const before = this.#writing?.catch(() => undefined) ?? Promise.resolve()
    const writing = before.then(() => this.#flush())
    this.#writing = writing
    const over = () => {
      if (this.#writing === writing) this.#writing = undefined
    }
    writing.then(over, over)
    return writing
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush().catch(this.#options.failed)
  }

  #write(): void {
    if (!this.#writing) this.flush().catch((error: unknown) => this.#tell(error))
  }

  /** A disk that is full stays so for a while: that is told again, but not each time. */
  #tell(error: unknown): void {
    const { now, failed } = this.#options
    if (now() - this.#toldAt < reminder) return
    this.#toldAt = now()
    failed(error)
  }

  async #flush(): Promise<void> {
    const { metadata, now } = this.#options
    const dropped = this.#dropped
    const rest = [...this.#pending.entries()]
    this.#dropped = 0
    this.#pending = new Gathered()
    try {
      if (dropped > 0) await metadata.change('recordAudit', { entries: [droppedEntry(dropped)] })
    } catch (error) {
      this.#giveBack(rest, dropped)
      throw error
    }
    while (rest.length > 0) {
      const part = rest.slice(0, together)
      try {
        await metadata.change('recordAudit', {
          entries: part.map(({ value }) => entryOf(value, now())),
        })
      } catch (error) {
        // Where nobody knows whether it is on record, twice would be worse than not at all.
        const unknown = error instanceof RegistryError && error.code === 'OUTCOME_UNKNOWN'
        this.#giveBack(unknown ? rest.slice(part.length) : rest, 0)
        throw error
      }
      rest.splice(0, part.length)
    }
  }

  #giveBack(taken: readonly { path: GatheredPath; value: Pending }[], dropped: number): void {
    this.#dropped += dropped
    for (const { path, value } of taken) {
      const known = this.#pending.get(path)
      if (known) {
        known.count += value.count
        known.first = value.first
      } else if (this.#pending.size >= mostPending) this.#drop(value.count)
      else this.#pending.add(path, value)
    }
  }

  #drop(count: number): void {
    this.#dropped += count
    this.droppedInAll += count
  }
}

function entryOf({ happening, first, last, count }: Pending, now: number): AuditEntry {
  return {
    ...happening,
    age: age(last, now),
    firstAge: count > 1 ? age(first, now) : null,
    count,
  }
}

/** A clock that was set back makes nothing later than now. */
function age(then: number, now: number): number {
  return Math.max(Math.round(now - then), 0)
}

function droppedEntry(count: number): AuditEntry {
  return {
    who: 'server',
    kind: 'server',
    account: null,
    token: null,
    address: null,
    request: null,
    action: 'audit:drop',
    repository: null,
    digest: null,
    subject: null,
    detail: null,
    outcome: 'failed',
    age: 0,
    firstAge: null,
    count,
  }
}
