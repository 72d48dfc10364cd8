import type { Logger } from '../logging/logger.ts'
import type { ChangesMetadata, TellsTurns } from '../metadata/metadata-store.ts'

/** What one process does for all that share the metadata. */
export const sharedJobs = ['collector', 'sweep', 'retention', 'scrub', 'audit', 'deliveries'] as const
export type SharedJob = (typeof sharedJobs)[number]

export interface TurnWanted {
  /** Milliseconds from one run to the next, whichever process does either. */
  readonly interval: number
  /** Whether to run before it is due. */
  readonly early?: boolean
}

/** Decides which process runs a job. */
export interface Turns {
  /** How often to ask, whose job is to run at this interval. Milliseconds. */
  pace(interval: number): number
  /** @returns undefined where the job is not due, or another process has it */
  take(job: SharedJob, wanted: TurnWanted): Promise<Turn | undefined>
}

/** The right to run a job once. */
export interface Turn {
  /** Whether another process may have it by now: then this one is to stop. */
  lost(): boolean
  /** @param finished whether the job was done; if not, it is due at once */
  end(finished: boolean): Promise<void>
}

/** Where one process has the metadata for itself, its own timers decide. */
export const alone: Turns = {
  pace: (interval) => interval,
  take: async () => ({ lost: () => false, end: async () => undefined }),
}

/** How often at most a process looks whether a job is due, or was left by one that died. Milliseconds. */
const longestPace = 5000
/** A look that comes a moment too early must not put the run off until the next look: part of the interval, and milliseconds. */
const slack = 0.2
const longestSlack = 1000
/** A third of the 15 s after which a silent runner's turn is another's. Milliseconds. */
const renewEvery = 5000
const turnTime = 15_000

export interface SharedTurnsOptions {
  readonly metadata: ChangesMetadata & TellsTurns
  readonly logger: Logger
  /** What this process is called, for people. */
  readonly runner: string
}

/** Turns that are on record in the shared metadata, as leases that lapse with the process that has them. */
export class SharedTurns implements Turns {
  readonly #options: SharedTurnsOptions
  readonly #runs = new Map<SharedJob, JobRuns>()

  constructor(options: SharedTurnsOptions) {
    this.#options = options
  }

  pace(interval: number): number {
    return Math.min(interval, longestPace)
  }

  async take(job: SharedJob, { interval, early = false }: TurnWanted): Promise<Turn | undefined> {
    const { metadata, logger, runner } = this.#options
    const ahead = early ? interval : Math.min(Math.round(interval * slack), longestSlack)
    // Most looks find that there is nothing to do: they must not write.
    if (!early && !(await metadata.isTurnFree({ job, interval, ahead }))) return undefined
    const turn = crypto.randomUUID()
    const asked = performance.now()
    const taken = await metadata.change('takeTurn', { job, turn, runner, interval, ahead })
    if (!taken) return undefined
    const runs = this.#runsOf(job)
    runs.begun += 1
    runs.running = true
    if (taken.deserted !== null) {
      runs.takenOver += 1
      logger.warn('took a job over from a server that began it and fell silent', {
        job,
        from: taken.deserted,
      })
    }
    const lease = new Lease(() => metadata.change('renewTurn', { job, turn }), asked)
    return {
      lost: () => lease.lost,
      async end(finished) {
        runs.running = false
        lease.stop()
        await metadata.change('endTurn', { job, turn, finished })
      },
    }
  }

  /** What this process did of a job since it started. */
  runsOf(job: SharedJob): Readonly<JobRuns> {
    return this.#runsOf(job)
  }

  #runsOf(job: SharedJob): JobRuns {
    let runs = this.#runs.get(job)
    if (!runs) {
      runs = { begun: 0, takenOver: 0, running: false }
      this.#runs.set(job, runs)
    }
    return runs
  }
}

interface JobRuns {
  begun: number
  /** Of these, the ones that another process had begun. */
  takenOver: number
  running: boolean
}

/** Renews a turn until it is stopped, and knows when that failed for too long. */
class Lease {
  readonly #timer: Timer
  #until: number
  #refused = false

  /** @param from when the turn was asked for, by the clock that only goes forward */
  constructor(renew: () => Promise<boolean>, from: number) {
    this.#until = from + turnTime
    this.#timer = setInterval(() => {
      const asked = performance.now()
      renew().then(
        (held) => {
          if (held) this.#until = asked + turnTime
          else this.#refused = true
        },
        // A database that is away for a moment takes no turn away.
        () => undefined,
      )
    }, renewEvery)
  }

  get lost(): boolean {
    return this.#refused || performance.now() > this.#until
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
