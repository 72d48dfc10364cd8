import { longestTimer } from '../../in-time.ts'
import type { LineSink, Logger } from '../../logging/logger.ts'
import type { OwnerMethods } from '../contract.ts'
import { restartDelay } from './restart-delay.ts'
import { WorkerProcess } from './worker-process.ts'

export interface FleetOptions {
  readonly size: number
  /** The program that a worker is, with its arguments. */
  readonly command: readonly string[]
  readonly logger: Logger
  readonly lines: LineSink
  methodsFor(worker: WorkerProcess): OwnerMethods
  /** A worker is gone. */
  ended(worker: WorkerProcess): void
}

/** How long workers that were told to end may take beyond the time that their transfers have. Milliseconds. */
const endPatience = 5000

/** Keeps the workers running: one that ends is started again, later each time that it ends at once. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #workers = new Set<WorkerProcess>()
  readonly #keeping: Promise<void>[] = []
  readonly #stopping = new AbortController()
  readonly #ready = new Set<WorkerProcess>()
  readonly #allReady = Promise.withResolvers<void>()
  #started = false

  constructor(options: FleetOptions) {
    this.#options = options
  }

  get workers(): readonly WorkerProcess[] {
    return [...this.#workers]
  }

  /** Whether every worker has served since the start. */
  get started(): boolean {
    return this.#started
  }

  /**
   * The worker has opened everything. Resolves when the first of each place have: who finds the port open finds all of
   * them a moment later.
   */
  mayListen(worker: WorkerProcess): Promise<void> {
    this.#ready.add(worker)
    if (this.#ready.size >= this.#options.size) this.#allReady.resolve()
    return this.#allReady.promise
  }

  /** Resolves, when all serve, to the URLs of one. @throws why one of them can't */
  async start(): Promise<readonly string[]> {
    const first = Array.from({ length: this.#options.size }, () => this.#spawn())
    try {
      const urls = await Promise.all(first.map(({ listening }) => listening))
      this.#started = true
      for (const [index, worker] of first.entries()) this.#keeping.push(this.#keep(index + 1, worker))
      return urls[0] ?? []
    } catch (error) {
      this.kill()
      await Promise.all(first.map(({ ended }) => ended))
      throw error
    }
  }

  /** Lets transfers finish for at most `patience` milliseconds, and ends the workers. */
  async stop(patience: number): Promise<{ cutOff: boolean }> {
    this.#stopping.abort()
    const workers = this.workers
    const killer = setTimeout(() => this.kill(), Math.min(patience + endPatience, longestTimer))
    const outcomes = await Promise.all(
      workers.map((worker) => worker.drain(patience).catch(() => ({ cutOff: true }))),
    )
    await Promise.all([...this.#workers].map(({ ended }) => ended))
    await Promise.all(this.#keeping)
    clearTimeout(killer)
    return { cutOff: outcomes.some(({ cutOff }) => cutOff) }
  }

  kill(): void {
    for (const worker of this.#workers) worker.kill()
  }

  #spawn(): WorkerProcess {
    const worker = new WorkerProcess(this.#options)
    this.#workers.add(worker)
    void worker.ended.then(() => {
      this.#workers.delete(worker)
      this.#ready.delete(worker)
      this.#options.ended(worker)
    })
    return worker
  }

  /** Has a worker in this place until all of them are to end. */
  async #keep(place: number, first: WorkerProcess): Promise<void> {
    const { logger } = this.#options
    let worker = first
    let delay = 0
    for (;;) {
      const end = await worker.ended
      if (this.#stopping.signal.aborted) return
      delay = restartDelay({ lived: performance.now() - worker.startedAt, before: delay })
      logger.error('a worker ended, and is started again', {
        worker: place,
        pid: worker.pid,
        ended_with: end,
        after_ms: delay,
      })
      await this.#sleep(delay)
      if (this.#stopping.signal.aborted) return
      worker = this.#spawn()
      void worker.listening.then(
        () => logger.info('a worker serves again', { worker: place, pid: worker.pid }),
        (error: Error) => logger.error('a worker could not start', { worker: place, error: error.message }),
      )
    }
  }

  /** Ends early when all are to end. */
  #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
