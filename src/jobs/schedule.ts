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
 * Runs `job` every `interval` milliseconds, never twice at once.
 * @param failed told of each run that threw; the next one comes all the same
 */
export function schedule(
  job: () => Promise<void>,
  { interval, failed }: { interval: number; failed: (error: unknown) => void },
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
  const timer = setInterval(start, interval)
  return {
    start,
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
