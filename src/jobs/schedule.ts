/** A job that runs again and again until it is stopped. */
export interface ScheduledJob {
  /** Lets a run that is under way end. */
  stop(): Promise<void>
}

/**
 * Runs `job` every `interval` milliseconds, never twice at once.
 * @param failed told of each run that threw; the next one comes all the same
 */
export function schedule(
  job: () => Promise<void>,
  { interval, failed }: { interval: number; failed: (error: unknown) => void },
): ScheduledJob {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= job()
      .catch(failed)
      .finally(() => {
        running = undefined
      })
  }, interval)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
