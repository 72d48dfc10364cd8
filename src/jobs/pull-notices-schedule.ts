import type { Logger } from '../logging/logger.ts'
import type { PullNotices } from '../registry/pull-notices.ts'
import { type ScheduledJob, schedule } from './schedule.ts'

/** How soon a pull is told, and how soon a process hears that somebody wants that. Milliseconds. */
const interval = 1000

/** In each process that answers pulls. */
export function schedulePullNotices(notices: PullNotices, logger: Logger): ScheduledJob {
  const queue = async () => {
    const dropped = await notices.flush()
    if (dropped > 0) logger.warn('more pulls than could be told to webhooks', { dropped })
    await notices.look()
  }
  const job = schedule(queue, {
    interval,
    failed: (error) => logger.error('pulls could not be told to webhooks', { error: String(error) }),
  })
  return {
    async stop() {
      await job.stop()
      await notices.flush().catch(() => undefined)
    },
  }
}
