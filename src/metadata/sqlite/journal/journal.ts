import type { Database } from 'bun:sqlite'
import type { JournalState } from '../../metadata-store.ts'
import { type BegunLog, beginLog } from './begin-log.ts'
import { listJournal, removeFiles } from './files.ts'
import { encodeHead } from './head.ts'
import { LogFile } from './log-file.ts'
import { JournalQueue } from './queue.ts'
import { writeSnapshot } from './snapshot.ts'

export interface JournalOptions {
  readonly database: Database
  /** DATA/journal */
  readonly directory: string
  /** This binary's version, for who reads the files. */
  readonly berth: string
  /** Logs smaller than this are not worth a snapshot. Bytes. */
  readonly smallest?: number
  report(state: JournalState): void
}

/** Milliseconds. */
const syncInterval = 1000
const snapshotRetry = 60_000
/** How long a snapshot holds up the end of the process. */
const lastPatience = 1000
/** A new log that holds more is left to the past by the snapshot that replaces what is older. Bytes. */
const fresh = 64 * 1024
const smallestSnapshot = 8 * 1024 * 1024
/** A start after a crash begins a new log; so many are kept without a snapshot. */
const mostLogs = 32

/**
 * Writes down what became of each row, so that the metadata can be made anew: right after the commit into the page
 * cache, each second onto the disk, and only then the queue forgets it. Lives in the thread that owns the writing
 * connection, beside its transactions.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #queue: JournalQueue
  readonly #timer: ReturnType<typeof setInterval>
  #log: LogFile | undefined
  /** The last row of the queue that was handed to the log. */
  #handed = 0
  #drainingLater = false
  #older: BegunLog['older'] = { count: 0, bytes: 0 }
  #snapshotSize: BegunLog['snapshotSize']
  /** The number of the log that this process began first. */
  #begunLog: number | undefined
  #snapshot: Promise<void> | undefined
  #snapshotFailure: { readonly message: string; readonly at: number } | undefined
  /** What syncs, begins and replaces logs takes turns. */
  #turn: Promise<void> = Promise.resolve()
  #closed = false
  /** Until when a snapshot may take, by the clock that only goes forward. */
  #patience = Number.POSITIVE_INFINITY
  #completeUntil = Date.now()
  #state: JournalState = { waiting: 0, completeAt: this.#completeUntil, failure: undefined }

  constructor(options: JournalOptions) {
    this.#options = options
    this.#queue = new JournalQueue(options.database)
    this.#timer = setInterval(() => void this.#tick(), syncInterval)
    void this.#tick()
  }

  /** Told after each commit of this thread's; what other processes commit is found each second. */
  committed(): void {
    try {
      this.#handOver()
    } catch {
      // The next tick meets the failure again, and tells.
    }
  }

  /** Everything is durable, if it can be. */
  async close(): Promise<void> {
    this.#closed = true
    this.#drainingLater = false
    clearInterval(this.#timer)
    this.#patience = performance.now() + lastPatience
    await this.#snapshot
    let before = Number.POSITIVE_INFINITY
    await this.#tick()
    while (this.#state.waiting > 0 && this.#state.waiting < before) {
      before = this.#state.waiting
      await this.#tick()
    }
    // A registry that ran for a moment only would leave none.
    if (this.#log && this.#snapshotSize === undefined) await this.#replaceLogs()
    await this.#log?.close()
  }

  #tick(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#work())
    return this.#turn
  }

  async #work(): Promise<void> {
    try {
      this.#log ??= await this.#begin()
      if (this.#queue.count() > 0) await this.#persist(this.#log)
      this.#report(this.#snapshotFailure?.message)
    } catch (error) {
      await this.#giveUpLog()
      this.#report(messageOf(error))
      return
    }
    if (this.#wantsSnapshot()) {
      this.#snapshot = this.#replaceLogs().finally(() => {
        this.#snapshot = undefined
      })
    }
  }

  async #begin(): Promise<LogFile> {
    const { directory } = this.#options
    const begun = await beginLog({ directory, queue: this.#queue, head: this.#head() })
    this.#older = begun.older
    this.#snapshotSize = begun.snapshotSize
    this.#begunLog = begun.resumed ? undefined : begun.log.number
    return begun.log
  }

  /**
   * Hands over what waits, a slice at a time, so that no commit waits for all of it.
   * @returns whether nothing is left
   */
  #handOver(): boolean {
    const log = this.#log
    if (!log || this.#drainingLater) return false
    const slice = this.#queue.read(this.#handed)
    if (!slice) return true
    if (slice.records.length > 0) log.append(slice.records, Date.now())
    this.#handed = slice.through
    if (!slice.more) return true
    if (this.#closed) return this.#handOver()
    this.#drainingLater = true
    setTimeout(() => {
      this.#drainingLater = false
      this.committed()
    }, 1)
    return false
  }

  async #persist(log: LogFile): Promise<void> {
    const begun = Date.now()
    const caughtUp = this.#handOver()
    const through = this.#handed
    const size = await log.sync()
    this.#forget(through, { log: log.number, size })
    if (caughtUp) this.#completeUntil = begun
  }

  #forget(through: number, position: { log: number; size: number }): void {
    // An empty queue numbers its rows from the beginning again.
    if (!this.#queue.trim(through, position)) this.#handed = 0
  }

  /** What was handed over and is not durable is handed to the next log. */
  async #giveUpLog(): Promise<void> {
    const log = this.#log
    this.#log = undefined
    this.#handed = 0
    await log?.close().catch(() => undefined)
  }

  #wantsSnapshot(): boolean {
    if (this.#snapshot || this.#closed || !this.#log) return false
    if (this.#snapshotFailure && Date.now() - this.#snapshotFailure.at < snapshotRetry) return false
    if (this.#snapshotSize === undefined || this.#older.count > mostLogs) return true
    const { smallest = smallestSnapshot } = this.#options
    return this.#older.bytes + this.#log.size > Math.max(smallest, this.#snapshotSize)
  }

  /** A new snapshot, and a log begun before its first row was read, take the place of everything older. */
  async #replaceLogs(): Promise<void> {
    const { database, directory } = this.#options
    try {
      // A log that was begun just now tells enough.
      const begun = this.#log
      const number =
        begun && begun.number === this.#begunLog && begun.size < fresh ? begun.number : await this.#rotate()
      const size = await writeSnapshot({
        database,
        directory,
        number,
        head: this.#head(),
        now: Date.now,
        stopped: () => performance.now() > this.#patience,
      })
      if (size === undefined) return
      const { logs, snapshots } = await listJournal(directory)
      await removeFiles([...logs, ...snapshots].filter((file) => file.number < number))
      this.#snapshotSize = size
      const rest = logs.filter((file) => file.number >= number && file.number !== this.#log?.number)
      this.#older = { count: rest.length, bytes: rest.reduce((sum, file) => sum + file.size, 0) }
      this.#snapshotFailure = undefined
    } catch (error) {
      this.#snapshotFailure = { message: `no new snapshot: ${messageOf(error)}`, at: Date.now() }
    }
  }

  /** @returns the number of a new log, which takes whatever is read from the queue from now on */
  #rotate(): Promise<number> {
    const rotated = this.#turn.then(async () => {
      const old = this.#log
      if (!old) throw new Error('the journal can not be written')
      const next = await LogFile.create(this.#options.directory, old.number + 1, this.#head())
      this.#log = next
      const through = this.#handed
      this.#older = { count: this.#older.count + 1, bytes: this.#older.bytes + old.size }
      try {
        await old.sync()
        this.#forget(through, { log: next.number, size: next.size })
      } catch (error) {
        await this.#giveUpLog()
        throw error
      } finally {
        await old.close()
      }
      return next.number
    })
    this.#turn = rotated.then(
      () => undefined,
      () => undefined,
    )
    return rotated
  }

  #head(): Uint8Array {
    return encodeHead({ berth: this.#options.berth, at: Date.now() })
  }

  #report(failure: string | undefined): void {
    const waiting = this.#waiting()
    const completeAt = waiting === 0 ? Date.now() : this.#completeUntil
    const changed = waiting !== this.#state.waiting || failure !== this.#state.failure
    this.#completeUntil = completeAt
    this.#state = { waiting, completeAt, failure }
    if (changed || waiting > 0) this.#options.report(this.#state)
  }

  #waiting(): number {
    try {
      return this.#queue.count()
    } catch {
      return this.#state.waiting
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
