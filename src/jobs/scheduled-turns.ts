import { type StartableJob, schedule } from './schedule.ts'
import type { SharedJob, Turn, Turns } from './turns.ts'

export interface TurnsJob {
  readonly name: SharedJob
  /** Milliseconds between two runs. */
  readonly interval: number
  /** @param stopped asked as it goes on: whether to end early */
  run(stopped: () => boolean): Promise<void>
  failed(error: unknown): void
  /** Done each time that this process asks whether it is its turn. */
  look?(): Promise<void>
}

export interface TurnsSchedule {
  /** Runs the job now. @returns false where it runs already, here or elsewhere */
  start(): Promise<boolean>
  /** Lets a run that is under way end early. */
  stop(): Promise<void>
}

/** Runs a job again and again, whenever it is due and this process's turn. */
export function scheduleTurns(turns: Turns, job: TurnsJob): TurnsSchedule {
  let stopped = false
  let running = false
  let early: PromiseWithResolvers<boolean> | undefined
  const whenDue = async () => {
    const asked = early
    early = undefined
    try {
      await job.look?.()
      const turn = await turns.take(job.name, { interval: job.interval, early: asked !== undefined })
      asked?.resolve(turn !== undefined)
      if (turn) await runIn(turn)
    } catch (error) {
      asked?.reject(error)
      throw error
    }
  }
  const runIn = async (turn: Turn) => {
    const over = () => stopped || turn.lost()
    running = true
    try {
      await job.run(over)
    } finally {
      running = false
      // What failed comes again after its interval; what was broken off here goes on elsewhere.
      await turn.end(!over())
    }
  }
  const pace = Math.max(turns.pace(job.interval), 1)
  const scheduled: StartableJob = schedule(whenDue, {
    interval: pace,
    failed: job.failed,
    delay: turns.pace(job.interval) === job.interval ? 0 : Math.random() * pace,
  })
  return {
    async start() {
      const asked = Promise.withResolvers<boolean>()
      while (!running && !stopped) {
        early = asked
        if (scheduled.start()) return asked.promise
        // It looks whether it is due, which is over in a moment.
        early = undefined
        await Bun.sleep(5)
      }
      return false
    },
    async stop() {
      stopped = true
      await scheduled.stop()
    },
  }
}
