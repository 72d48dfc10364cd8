import { longestTimer } from '../in-time.ts'

/** A job that runs again and again until it is stopped. */
export interface ScheduledJob {
  /** Lets a run that is under way end. */
  stop(): Promise<void>
}

/** A job that can also be run before its time. */
export interface StartableJob extends ScheduledJob {
  /** @returns false where a run is under way, or the job is stopped */
  start(): boolean
}

/**
 * Runs `job` every `interval` milliseconds, and at least every 24 days, never twice at once.
 * @param options.failed told of each run that threw; the next one comes all the same
 * @param options.delay before the first interval begins, so that processes that start together don't keep step
 */
export function schedule(
  job: () => Promise<void>,
  { interval, failed, delay = 0 }: { interval: number; failed: (error: unknown) => void; delay?: number },
): StartableJob {
  let running: Promise<void> | undefined
  let stopped = false
  const start = () => {
    if (running || stopped) return false
    running = job()
      .catch(failed)
      .finally(() => {
        running = undefined
      })
    return true
  }
  let timer = setTimeout(() => {
    timer = setInterval(start, Math.min(interval, longestTimer))
  }, delay)
  return {
    start,
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
