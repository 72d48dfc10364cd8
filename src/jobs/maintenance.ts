import type { Logger } from '../logging/logger.ts'
import type { RecordsPulls } from '../registry/pull-recorder.ts'
import { isReadOnly } from '../registry/read-only.ts'
import type { Registry } from '../registry/registry.ts'
import { ClockGuard } from './clock-guard.ts'
import { type CollectorRules, collectGarbage } from './collector.ts'
import type { CollectorMeter } from './collector-meter.ts'
import { recordCollection } from './recorded-runs.ts'
import { type RetentionRules, retentionTick, runRetentionWhenDue } from './retention-schedule.ts'
import { type ScheduledJob, type StartableJob, schedule } from './schedule.ts'
import type { Scrubber } from './scrub.ts'
import { sweep } from './sweep.ts'

export interface Maintenance {
  readonly registry: Registry
  readonly pulls: RecordsPulls
  readonly scrubber: Scrubber
  readonly logger: Logger
  readonly rules: CollectorRules
  /** Milliseconds between two runs of the collector. */
  readonly interval: number
  readonly meter: CollectorMeter
  readonly retention: RetentionRules
}

/** How often at most the sweep runs, however short the times are that it enforces. Milliseconds. */
const shortestSweep = 1000
const longestSweep = 60_000
/** Pull times are known to the day: a minute that a crash loses is none. Milliseconds. */
const flushInterval = 60_000

export interface RunningMaintenance extends ScheduledJob {
  /** Runs the collector now. @returns false where it runs already */
  startCollector(): boolean
}

/** Everything that a server does by itself, again and again, beside what it is asked for. */
export function startMaintenance(options: Maintenance): RunningMaintenance {
  const { scrubber } = options
  scrubber.start()
  const collector = scheduleCollector(options)
  const jobs = [
    collector,
    scheduleSweep(options),
    schedulePulls(options),
    scheduleRetention(options),
    scrubber,
  ]
  return {
    startCollector: () => collector.start(),
    async stop() {
      await Promise.all(jobs.map((job) => job.stop()))
      await options.pulls.flush().catch(() => undefined)
    },
  }
}

function scheduleCollector({ registry, logger, rules, interval, meter }: Maintenance): StartableJob {
  const { metadata, blobs } = registry
  const mayRemove = removalGuard({ registry, logger })
  let stopped = false
  const run = async () => {
    if (!(await mayRemove())) return
    const started = performance.now()
    const collected = await collectGarbage({ metadata, blobs, rules, stopped: () => stopped })
    const duration = performance.now() - started
    meter.ran({ duration, collected, now: registry.now() })
    if (Object.values(collected).every((count) => count === 0)) return
    logger.info('collected', { ...collected, duration_ms: Math.round(duration) })
    await recordCollection(metadata, { runner: 'server', duration, collected })
  }
  const job = schedule(run, {
    interval: Math.max(interval, 1),
    failed: (error) => logger.error('the collector failed', { error: String(error) }),
  })
  return {
    start: () => job.start(),
    async stop() {
      stopped = true
      await job.stop()
    },
  }
}

/** Bytes that nobody can read any more, and abandoned uploads, need not wait for the collector. */
function scheduleSweep({ registry, logger, rules, meter }: Maintenance): ScheduledJob {
  const { uploadAge, keepObjects } = rules
  const { metadata, blobs } = registry
  const interval = Math.min(Math.max(Math.min(uploadAge, keepObjects) / 4, shortestSweep), longestSweep)
  const mayRemove = removalGuard({ registry, logger })
  const run = async () => {
    if (!(await mayRemove())) return
    const swept = await sweep({ metadata, blobs, uploadAge, keepObjects })
    meter.removed(swept)
    if (swept.uploads + swept.objects > 0) logger.info('swept', { ...swept })
  }
  return schedule(run, {
    interval,
    failed: (error) => logger.error('the sweep failed', { error: String(error) }),
  })
}

function scheduleRetention({ registry, pulls, logger, retention }: Maintenance): ScheduledJob {
  const mayRemove = removalGuard({ registry, logger })
  let stopped = false
  const run = () =>
    runRetentionWhenDue({ registry, pulls, logger, retention, mayRemove, stopped: () => stopped })
  const job = schedule(run, {
    interval: retentionTick(retention),
    failed: (error) => logger.error('retention failed', { error: String(error) }),
  })
  return {
    async stop() {
      stopped = true
      await job.stop()
    },
  }
}

/** Asked before each run of one job: whether it may remove anything. */
function removalGuard({ registry, logger }: Pick<Maintenance, 'registry' | 'logger'>) {
  const clock = new ClockGuard()
  return async (): Promise<boolean> => {
    const jump = clock.look({ wall: await registry.metadata.clock(), monotonic: performance.now() })
    if (jump === 0) return !(await isReadOnly(registry))
    logger.warn('the clock was set: nothing is removed in this run, for ages can’t be trusted', {
      jump_ms: Math.round(jump),
    })
    return false
  }
}

function schedulePulls({ pulls, logger }: Maintenance): ScheduledJob {
  return schedule(() => pulls.flush(), {
    interval: flushInterval,
    failed: (error) => logger.error('pull times could not be written', { error: String(error) }),
  })
}
