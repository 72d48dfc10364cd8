import type { Logger } from '../logging/logger.ts'
import type { ChangesMetadata, KeepsState } from '../metadata/metadata-store.ts'
import type { RecordsPulls } from '../registry/pull-recorder.ts'
import { isReadOnly } from '../registry/read-only.ts'
import { immutableIn, type Registry } from '../registry/registry.ts'
import type { RetentionRule } from '../registry/retention/rule.ts'
import { applyRetention, type RetentionReport } from './retention.ts'

export interface RetentionRules {
  readonly rules: readonly RetentionRule[]
  /** Milliseconds between two runs; 0: none by itself. */
  readonly interval: number
}

/** What is on record of the last run, for every process and after a restart. */
export interface RetentionRun {
  /** Milliseconds since 1970, by the database's clock: when it ended, or when its rules were first seen. */
  readonly at: number
  /** The rules that it went by: others wait for an interval of their own. */
  readonly rules: readonly string[]
  /** Absent: these rules were not applied yet. */
  readonly report?: RetentionReport
}

const runKey = 'retention-run'

export async function lastRetentionRun(metadata: KeepsState): Promise<RetentionRun | undefined> {
  const value = await metadata.getState(runKey)
  return value === undefined ? undefined : (JSON.parse(value) as RetentionRun)
}

export async function recordRetentionRun(metadata: ChangesMetadata, run: RetentionRun): Promise<void> {
  await metadata.change('setState', { key: runKey, value: JSON.stringify(run) })
}

/** How often to see whether a run is due: a server that restarts each day must still come to it. Milliseconds. */
const longestTick = 60_000

export function retentionTick({ interval }: RetentionRules): number {
  return Math.max(1, Math.min(interval || longestTick, longestTick))
}

export interface RetentionJob {
  readonly registry: Registry
  readonly pulls: RecordsPulls
  readonly logger: Logger
  readonly retention: RetentionRules
  mayRemove(): Promise<boolean>
  stopped(): boolean
}

/**
 * Applies the rules if the last time is an interval ago. New rules wait for one as well: their author has that long to
 * see what they would remove.
 */
export async function runRetentionWhenDue(job: RetentionJob): Promise<void> {
  const { registry, pulls, logger, retention } = job
  const { metadata } = registry
  if (retention.rules.length === 0 || retention.interval === 0) return
  // Asked each time: it looks at the clock.
  const trusted = await job.mayRemove()
  if (await isReadOnly(registry)) return
  const now = await metadata.clock()
  const rules = retention.rules.map(({ text }) => text)
  const last = await lastRetentionRun(metadata)
  const known = last !== undefined && Bun.deepEquals(last.rules, rules) && last.at <= now
  // Where the clock was set, ages may be wrong for longer than this once.
  if (!trusted || !known) return recordRetentionRun(metadata, { at: now, rules })
  if (now - last.at < retention.interval) return
  await pulls.flush()
  const started = performance.now()
  const report = await applyRetention({
    metadata,
    rules: retention.rules,
    immutableIn: (repository) => immutableIn(registry.rules, repository),
    newTrashId: () => (registry.rules.trashRetention > 0 ? registry.newTrashId() : null),
    stopped: job.stopped,
  })
  if (job.stopped()) return
  await recordRetentionRun(metadata, { at: await metadata.clock(), rules, report })
  logger.info('retention rules applied', { ...report, duration_ms: Math.round(performance.now() - started) })
}
