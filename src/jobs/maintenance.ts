import type { Logger } from '../logging/logger.ts'
import type { RecordsPulls } from '../registry/pull-recorder.ts'
import type { Registry } from '../registry/registry.ts'
import { auditTick, trimAudit } from './audit-retention.ts'
import { type CollectorRules, collectGarbage } from './collector.ts'
import type { CollectorMeter } from './collector-meter.ts'
import type { Courier } from './courier.ts'
import { tidyDeliveries } from './deliveries-tidying.ts'
import { recordCollection } from './recorded-runs.ts'
import { removalGuard } from './removal-guard.ts'
import { type RetentionRules, retentionTick, runRetentionWhenDue } from './retention-schedule.ts'
import { type ScheduledJob, schedule } from './schedule.ts'
import { scheduleTurns, type TurnsSchedule } from './scheduled-turns.ts'
import type { Scrubber } from './scrub.ts'
import { sweep } from './sweep.ts'
import type { Turns } from './turns.ts'

export interface Maintenance {
  readonly registry: Registry
  readonly pulls: RecordsPulls
  readonly scrubber: Scrubber
  readonly courier: Courier
  /** Milliseconds that it is remembered what webhooks were told. */
  readonly keepDeliveries: number
  readonly logger: Logger
  readonly rules: CollectorRules
  /** Milliseconds between two runs of the collector. */
  readonly interval: number
  readonly meter: CollectorMeter
  readonly retention: RetentionRules
  /** How long the audit log keeps what was done, in milliseconds; null: for good. */
  readonly auditAge: number | null
  /** Which of the processes on this metadata does what one does for all. */
  readonly turns: Turns
  /** What the runs of this process are recorded under. */
  readonly runner: string
}

/** How often at most the sweep runs, however short the times are that it enforces. Milliseconds. */
const shortestSweep = 1000
const longestSweep = 60_000
/** Pull times are known to the day: a minute that a crash loses is none. Milliseconds. */
const flushInterval = 60_000
/** What webhooks were told is forgotten days later: a minute more is nothing. Milliseconds. */
const tidyInterval = 60_000

export interface RunningMaintenance extends ScheduledJob {
  /** Runs the collector now. @returns false where it runs already, here or in another process */
  startCollector(): Promise<boolean>
}

/** Everything that a server does by itself, again and again, beside what it is asked for. */
export function startMaintenance(options: Maintenance): RunningMaintenance {
  const { scrubber, courier } = options
  scrubber.start()
  courier.start()
  const collector = scheduleCollector(options)
  const jobs = [
    collector,
    scheduleSweep(options),
    schedulePulls(options),
    scheduleRetention(options),
    ...(options.auditAge === null ? [] : [scheduleAudit(options, options.auditAge)]),
    scheduleTidying(options),
    scrubber,
    courier,
  ]
  return {
    startCollector: () => collector.start(),
    async stop() {
      await Promise.all(jobs.map((job) => job.stop()))
      await options.pulls.flush().catch(() => undefined)
    },
  }
}

function scheduleCollector(options: Maintenance): TurnsSchedule {
  const { registry, turns, logger, rules, interval, meter, runner } = options
  const { metadata, blobs } = registry
  const guard = removalGuard(options)
  const run = async (stopped: () => boolean) => {
    if (!(await guard.mayRemove())) return
    const started = performance.now()
    const collected = await collectGarbage({ metadata, blobs, rules, stopped })
    const duration = performance.now() - started
    meter.ran({ duration, collected, now: registry.now() })
    if (Object.values(collected).every((count) => count === 0)) return
    logger.info('collected', { ...collected, duration_ms: Math.round(duration) })
    await recordCollection(metadata, { runner, duration, collected })
  }
  return scheduleTurns(turns, {
    name: 'collector',
    interval: Math.max(interval, 1),
    run,
    look: guard.look,
    failed: (error) => logger.error('the collector failed', { error: String(error) }),
  })
}

/** Bytes that nobody can read any more, and abandoned uploads, need not wait for the collector. */
function scheduleSweep(options: Maintenance): ScheduledJob {
  const { registry, turns, logger, rules, meter } = options
  const { uploadAge, keepObjects } = rules
  const { metadata, blobs } = registry
  const interval = Math.min(Math.max(Math.min(uploadAge, keepObjects) / 4, shortestSweep), longestSweep)
  const guard = removalGuard(options)
  const run = async (stopped: () => boolean) => {
    if (!(await guard.mayRemove())) return
    const swept = await sweep({ metadata, blobs, uploadAge, keepObjects, stopped })
    meter.removed(swept)
    if (swept.uploads + swept.objects > 0) logger.info('swept', { ...swept })
  }
  return scheduleTurns(turns, {
    name: 'sweep',
    interval: Math.round(interval),
    run,
    look: guard.look,
    failed: (error) => logger.error('the sweep failed', { error: String(error) }),
  })
}

function scheduleRetention(options: Maintenance): ScheduledJob {
  const { registry, turns, pulls, logger, retention } = options
  const guard = removalGuard(options)
  return scheduleTurns(turns, {
    name: 'retention',
    interval: retentionTick(retention),
    run: (stopped) =>
      runRetentionWhenDue({ registry, pulls, logger, retention, mayRemove: guard.mayRemove, stopped }),
    look: guard.look,
    failed: (error) => logger.error('retention failed', { error: String(error) }),
  })
}

function scheduleAudit(options: Maintenance, age: number): ScheduledJob {
  const { registry, turns, logger } = options
  const guard = removalGuard(options)
  return scheduleTurns(turns, {
    name: 'audit',
    interval: auditTick(age),
    async run(stopped) {
      if (!(await guard.mayRemove())) return
      const events = await trimAudit(registry.metadata, { age, stopped })
      if (events > 0) logger.info('removed old events from the audit log', { events })
    },
    look: guard.look,
    failed: (error) => logger.error('the audit log could not be trimmed', { error: String(error) }),
  })
}

function scheduleTidying({ registry, turns, logger, keepDeliveries: keep }: Maintenance): ScheduledJob {
  return scheduleTurns(turns, {
    name: 'deliveries',
    interval: tidyInterval,
    run: (stopped) => tidyDeliveries({ metadata: registry.metadata, keep, stopped }),
    failed: (error) => logger.error('old deliveries could not be forgotten', { error: String(error) }),
  })
}

/** Each process writes down what it gathered itself. */
function schedulePulls({ pulls, logger }: Maintenance): ScheduledJob {
  return schedule(() => pulls.flush(), {
    interval: flushInterval,
    failed: (error) => logger.error('pull times could not be written', { error: String(error) }),
  })
}
