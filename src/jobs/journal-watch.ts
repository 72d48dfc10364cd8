import type { Logger } from '../logging/logger.ts'
import type { Measurement } from '../logging/measurement.ts'
import type { JournalState } from '../metadata/metadata-store.ts'

/** How often a failure that lasts is told again. Milliseconds. */
const reminder = 60_000

export interface JournalWatch {
  told(state: JournalState): void
  /** What was told last; undefined: nothing yet, for nothing waited. */
  state(): JournalState | undefined
  /** For the metrics. */
  readonly measurements: readonly Measurement[]
}

/** Tells the operator when changes are not protected by the journal, and when they are again. */
export function watchJournal(logger: Logger, now: () => number = Date.now): JournalWatch {
  let latest: JournalState | undefined
  let failingSince: number | undefined
  let loggedAt = Number.NEGATIVE_INFINITY
  return {
    state: () => latest,
    measurements: [
      {
        name: 'berth_journal_lag_rows',
        help: 'Changed rows that the journal does not hold durably yet',
        kind: 'gauge',
        read: () => latest?.waiting ?? 0,
      },
      {
        name: 'berth_journal_lag_seconds',
        help: 'Age of the oldest change that the journal may not hold durably yet; 0: there is none',
        kind: 'gauge',
        read: () => (latest && latest.waiting > 0 ? Math.max(now() - latest.completeAt, 0) / 1000 : 0),
      },
    ],
    told(state) {
      latest = state
      if (state.failure === undefined) {
        if (failingSince === undefined) return
        logger.info('the journal is written again', { after_ms: now() - failingSince })
        failingSince = undefined
        loggedAt = Number.NEGATIVE_INFINITY
        return
      }
      failingSince ??= now()
      if (now() - loggedAt < reminder) return
      loggedAt = now()
      logger.error(
        'the journal can not be written: pushes go on, but what they change could not be rebuilt without the database',
        { error: state.failure, rows_waiting: state.waiting },
      )
    },
  }
}
