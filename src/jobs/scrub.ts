import type { BlobStore, ReadsObjects } from '../blobs/blob-store.ts'
import { longestTimer } from '../in-time.ts'
import type { Logger } from '../logging/logger.ts'
import type {
  ChangesMetadata,
  FindsDamage,
  FindsTags,
  KeepsState,
  KnownBlob,
  ListsObjects,
} from '../metadata/metadata-store.ts'
import { type Condition, inspect } from './inspect.ts'
import { type Pace, paceOf } from './pace.ts'
import type { ScheduledJob } from './schedule.ts'
import { ageOf, emptyProgress, type ScrubAge, type ScrubProgress, scrubKey } from './scrub-progress.ts'
import { StorageWitness } from './storage-witness.ts'
import type { Turn, Turns } from './turns.ts'

export interface Scrubbing {
  readonly metadata: ChangesMetadata & KeepsState & ListsObjects & FindsDamage & FindsTags
  readonly blobs: BlobStore & ReadsObjects
  readonly logger: Logger
  /** Bytes in a second; 0: there is no scrubbing. */
  readonly rate: number
  /** Milliseconds from the beginning of one round to that of the next, unless a round takes longer. */
  readonly interval: number
  /** One of the processes on this metadata reads for all. */
  readonly turns: Turns
  /** Milliseconds since 1970. */
  now(): number
}

/** Hashing so much holds up the thread that answers for a tenth of a millisecond. Bytes. */
const pieceSize = 128 * 1024
const blobsAtOnce = 32
/** How much of a round a crash may repeat, and how long to wait after a failure. Milliseconds. */
const saveEvery = 60_000
/** A registry that holds nothing must not be gone round without pause. Milliseconds. */
const shortestInterval = 1000
/** How often to ask whether another process has stopped reading. Milliseconds. */
const askEvery = 5000

export interface ScrubMeasures extends ScrubAge {
  /** Bytes read since the start of this process. */
  readonly bytes: number
  /** Objects that it found damaged, missing or unreadable, and nobody had found before. */
  readonly damaged: number
}

/**
 * Reads all blobs again and again, slowly, in the order of their digests: so that damage is found while somebody still
 * has the image. Where it is, is on record, so that a restart goes on from there.
 */
export class Scrubber implements ScheduledJob {
  readonly #options: Scrubbing
  readonly #pace: Pace
  readonly #witness: StorageWitness
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #turn: Turn | undefined
  #progress: ScrubProgress
  #savedAt: number
  #bytes = 0
  #damaged = 0

  constructor(options: Scrubbing) {
    this.#options = options
    this.#witness = new StorageWitness(options)
    this.#progress = emptyProgress(options.now())
    this.#savedAt = options.now()
    this.#pace = paceOf({
      rate: options.rate,
      now: () => performance.now(),
      sleep: (milliseconds) => this.#sleep(milliseconds),
    })
  }

  start(): void {
    if (this.#options.rate > 0) this.#running ??= this.#goOn()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** Whether there is scrubbing at all. */
  get reads(): boolean {
    return this.#options.rate > 0
  }

  /** Undefined where there is no scrubbing. */
  async measures(): Promise<ScrubMeasures | undefined> {
    if (this.#options.rate === 0) return undefined
    const progress = this.#turn ? this.#progress : await this.#recorded()
    return { bytes: this.#bytes, damaged: this.#damaged, ...ageOf(progress, this.#options.now()) }
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted || (this.#turn?.lost() ?? false)
  }

  async #goOn(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const wait = await this.#takeTurn().catch((error: unknown) => {
        this.#options.logger.error('scrubbing failed, and goes on in a minute', {
          error: error instanceof Error ? error.message : String(error),
        })
        return saveEvery
      })
      await this.#sleep(wait)
    }
  }

  /** Goes on with the round where whoever read last left off. @returns milliseconds to wait before the next turn */
  async #takeTurn(): Promise<number> {
    const turn = await this.#options.turns.take('scrub', { interval: 0 })
    if (!turn) return askEvery
    try {
      this.#progress = await this.#recorded()
      const wait = this.#untilNext()
      if (wait > 0) return wait
      await this.#readIn(turn)
      return 0
    } finally {
      await turn.end(true)
    }
  }

  async #readIn(turn: Turn): Promise<void> {
    this.#turn = turn
    try {
      await this.#round()
    } finally {
      // Another that took over has gone on from what was saved before.
      if (!turn.lost()) await this.#save().catch(() => undefined)
      this.#turn = undefined
    }
  }

  /** Milliseconds. A clock that was set back must not put the next round off for longer than one. */
  #untilNext(): number {
    const interval = Math.max(this.#options.interval, shortestInterval)
    const { begun, lastBegun } = this.#progress
    if (begun !== null || lastBegun === null) return 0
    return Math.min(lastBegun + interval - this.#options.now(), interval, saveEvery)
  }

  async #round(): Promise<void> {
    const { now } = this.#options
    if (this.#progress.begun === null) this.#progress = { ...this.#progress, begun: now(), after: '' }
    while (!this.#stopped) {
      const page = await this.#options.metadata.listBlobs({ after: this.#progress.after, limit: blobsAtOnce })
      for (const blob of page) {
        await this.#scrub(blob)
        if (this.#stopped) return
        this.#progress = { ...this.#progress, after: blob.digest }
        if (now() - this.#savedAt >= saveEvery) await this.#save()
      }
      if (page.length < blobsAtOnce) return this.#finish()
    }
  }

  async #finish(): Promise<void> {
    const { now, logger } = this.#options
    const { begun, ...progress } = this.#progress
    this.#progress = { ...progress, after: '', begun: null, lastBegun: begun, lastFinished: now() }
    logger.info('scrubbed', { duration_ms: now() - (begun ?? now()) })
    await this.#save()
  }

  async #scrub(blob: KnownBlob): Promise<void> {
    const { metadata, logger } = this.#options
    const { digest, objectKey, size } = blob
    const condition = await inspect(
      {
        ...this.#options,
        pieceSize,
        pace: this.#pace,
        stopped: () => this.#stopped,
        sleep: (milliseconds) => this.#sleep(milliseconds),
      },
      blob,
    )
    if (condition.state === 'stopped' || condition.state === 'replaced') return
    this.#bytes += size
    if (condition.state !== 'sound') return this.#quarantine(blob, condition)
    this.#witness.saw(blob)
    if (condition.doubt)
      logger.warn('a blob was read wrong once and right the second time: look after the disk', {
        digest,
        reason: condition.doubt,
      })
    if (blob.damaged && (await metadata.change('releaseBlob', { digest, objectKey })))
      logger.info('a blob is sound again, and released from quarantine', { digest })
  }

  async #quarantine(
    { digest, objectKey, damaged }: KnownBlob,
    { state, reason }: Extract<Condition, { reason: string }>,
  ): Promise<void> {
    if (damaged) return
    if (state !== 'damaged' && (await this.#witness.look()) !== 'there') {
      throw new Error(
        `the blob ${digest} is ${state} (${reason}), and no other can be read: is the storage there? nothing was quarantined`,
      )
    }
    if (!(await this.#options.metadata.change('quarantineBlob', { digest, objectKey }))) return
    this.#damaged += 1
    this.#options.logger.error(
      `a blob is ${state}, and in quarantine: pushing it again heals it; berth verify tells which images it is part of`,
      { digest, object: objectKey, reason },
    )
  }

  /** How far whoever reads is, as it is on record. */
  async #recorded(): Promise<ScrubProgress> {
    const value = await this.#options.metadata.getState(scrubKey)
    return value === undefined ? this.#progress : { ...this.#progress, ...JSON.parse(value) }
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#options.now()
    await this.#options.metadata.change('setState', {
      key: scrubKey,
      value: JSON.stringify(this.#progress),
    })
  }

  /** Ends early when it is told to stop. */
  #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(milliseconds, longestTimer))
      signal.addEventListener('abort', done)
    })
  }
}
