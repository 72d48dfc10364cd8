import type { Logger } from '../logging/logger.ts'
import { isReadOnly } from '../registry/read-only.ts'
import type { Registry } from '../registry/registry.ts'
import { ClockGuard } from './clock-guard.ts'

/** Asked before each run of one job: whether it may remove anything. */
export interface RemovalGuard {
  mayRemove(): Promise<boolean>
  /** Looks at the clock while another process has the job, so that no jump goes unseen. */
  look(): Promise<void>
}

export function removalGuard({
  registry,
  logger,
}: {
  registry: Pick<Registry, 'metadata' | 'rules'>
  logger: Logger
}): RemovalGuard {
  const clock = new ClockGuard()
  const look = async () => {
    clock.look({ wall: await registry.metadata.clock(), monotonic: performance.now() })
  }
  return {
    look,
    async mayRemove() {
      await look()
      const jump = clock.takeJump()
      if (jump === 0) return !(await isReadOnly(registry))
      logger.warn('the clock was set: nothing is removed in this run, for ages can’t be trusted', {
        jump_ms: Math.round(jump),
      })
      return false
    },
  }
}
