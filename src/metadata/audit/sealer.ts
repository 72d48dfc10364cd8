import type { AuditState } from '../audit-store.ts'
import type { Transaction } from '../engine.ts'
import { adoptRows } from './adopt.ts'
import type { AuditWriter } from './writer.ts'

/** Milliseconds. */
const standardGathering = 1000
/** How often a writer shows up, and looks for rows of those that do not any more. Milliseconds. */
const showing = 30_000
/** Batches of others that are sealed in one go. */
const mostAdopted = 20

export interface SealerOptions {
  readonly writer: AuditWriter
  /** Runs it in a transaction of its own, durable when it resolves. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  told?: ((state: AuditState) => void) | undefined
  /** How long rows wait for others to be sealed with; a second unless given. Milliseconds. */
  readonly gathering?: number | undefined
}

/** Seals what a writer wrote, a moment later and beside what is asked for; nobody waits for it. */
export class AuditSealer {
  readonly #options: SealerOptions
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> | undefined
  readonly #showing: ReturnType<typeof setInterval>
  #closed = false

  constructor(options: SealerOptions) {
    this.#options = options
    this.#showing = setInterval(() => this.#start(() => this.#showUp()), showing)
    this.#showing.unref()
  }

  /** Call it after transactions: where rows wait, they are sealed soon. */
  touched(): void {
    if (this.#timer || this.#closed || this.#options.writer.waiting === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#start(() => this.#sealAll())
    }, this.#options.gathering ?? standardGathering)
    this.#timer.unref()
  }

  /** Seals what there is, and ends the writer: the chain then knows that it has no more rows. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    clearInterval(this.#showing)
    await this.#running
    // Where the database is away, another seals it later.
    await this.#sealAll({ ending: true }).catch(() => undefined)
  }

  #start(work: () => Promise<void>): void {
    if (this.#running || this.#closed) return
    this.#running = work()
      .then(
        () => this.#tell(undefined),
        (error: unknown) => this.#tell(error instanceof Error ? error.message : String(error)),
      )
      .finally(() => {
        this.#running = undefined
        this.touched()
      })
  }

  async #sealAll({ ending = false } = {}): Promise<void> {
    const { writer, transaction } = this.#options
    for (;;) {
      const before = writer.waiting
      const done = await transaction((tx) => writer.seal(tx, { ending }))
      done?.()
      if (!done || writer.waiting === 0 || (writer.waiting >= before && !ending)) return
    }
  }

  async #showUp(): Promise<void> {
    const { writer, transaction } = this.#options
    if (writer.announced) await transaction((tx) => writer.showUp(tx))
    for (let batches = 0; batches < mostAdopted && !this.#closed; batches += 1)
      if (!(await transaction(adoptRows))) return
  }

  #tell(failure: string | undefined): void {
    const { writer, told } = this.#options
    told?.({
      written: writer.written,
      waiting: writer.waiting,
      head: writer.head && { number: writer.head.number, hash: writer.head.hash },
      lost: writer.lost && { number: writer.lost.number, hash: writer.lost.hash },
      failure,
    })
  }
}
