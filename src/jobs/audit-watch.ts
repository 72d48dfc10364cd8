import type { Logger } from '../logging/logger.ts'
import type { Measurement } from '../logging/measurement.ts'
import type { AuditState, ReadsAudit } from '../metadata/metadata-store.ts'
import type { AuditRecorder } from '../registry/audit/recorder.ts'
import { lastVerification } from '../registry/audit/verification.ts'

/** How often a failure that lasts is told again. Milliseconds. */
const reminder = 60_000
/** How often the log has where the chain ends: whoever keeps the log can tell later that it is still so. Milliseconds. */
const anchoring = 3_600_000

export interface AuditWatch {
  told(state: AuditState): void
  /** Of this process, for the metrics. */
  readonly measurements: readonly Measurement[]
}

/** Tells the operator how the audit log is, and in the log where its chain ends. */
export function watchAudit(logger: Logger, now: () => number = Date.now): AuditWatch {
  let latest: AuditState | undefined
  let failingSince: number | undefined
  let toldAt = Number.NEGATIVE_INFINITY
  let anchoredAt = Number.NEGATIVE_INFINITY
  let lost: number | undefined
  const tellFailure = (failure: string | undefined) => {
    if (failure === undefined) {
      if (failingSince !== undefined)
        logger.info('the audit log is sealed again', { after_ms: now() - failingSince })
      failingSince = undefined
      toldAt = Number.NEGATIVE_INFINITY
      return
    }
    failingSince ??= now()
    if (now() - toldAt < reminder) return
    toldAt = now()
    logger.error('the audit log can not be sealed: what is recorded waits for it', { error: failure })
  }
  return {
    measurements: [
      {
        name: 'berth_audit_events_total',
        help: 'Rows that this server wrote to the audit log',
        kind: 'counter',
        read: () => latest?.written ?? 0,
      },
      {
        name: 'berth_audit_unsealed_events',
        help: 'Rows of the audit log that no batch of its chain holds yet',
        kind: 'gauge',
        read: () => latest?.waiting ?? 0,
      },
    ],
    told(state) {
      latest = state
      tellFailure(state.failure)
      if (state.lost && state.lost.number !== lost) {
        lost = state.lost.number
        logger.error(
          'a batch of the audit log is gone that this server added: somebody changes its database',
          {
            ...state.lost,
          },
        )
      }
      if (!state.head || now() - anchoredAt < anchoring) return
      anchoredAt = now()
      logger.info('audit anchor', { ...state.head })
    },
  }
}

/** Of one process that answers requests. */
export function droppedOf(recorder: Pick<AuditRecorder, 'droppedInAll'>): Measurement {
  return {
    name: 'berth_audit_dropped_total',
    help: 'Pulls, sign-ins and refusals that were not recorded: there were more than memory holds until they are written',
    kind: 'counter',
    read: () => recorder.droppedInAll,
  }
}

/** Of the audit log as a whole, which one process tells for all. */
export function auditMeasurements(metadata: ReadsAudit): Measurement[] {
  return [
    {
      name: 'berth_audit_chain_batches',
      help: 'The number of the last batch of the audit log’s chain',
      kind: 'gauge',
      read: async () => (await metadata.auditHead())?.number ?? 0,
    },
    {
      name: 'berth_audit_last_verification_timestamp_seconds',
      help: 'When the audit log was last verified to its end',
      kind: 'gauge',
      read: async () => {
        const at = (await lastVerification(metadata))?.at
        return at === undefined ? undefined : at / 1000
      },
    },
    {
      name: 'berth_audit_last_verification_findings',
      help: 'What the last verification of the audit log found: rows or batches that were changed, removed or inserted',
      kind: 'gauge',
      read: async () => (await lastVerification(metadata))?.findings,
    },
  ]
}
