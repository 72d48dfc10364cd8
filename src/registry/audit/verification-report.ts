import type { AuditAnchor, AuditFinding, AuditVerification } from '../../metadata/metadata-store.ts'
import { instant } from '../moment.ts'

export interface ReportedVerification {
  readonly batches: number
  readonly events: number
  readonly unsealed: number
  readonly oldestUnsealed: string | null
  readonly head: AuditAnchor
  readonly trimmed: AuditAnchor
  readonly anchors: number
  readonly findings: readonly ReportedFinding[]
}

export interface ReportedFinding {
  readonly kind: AuditFinding['kind']
  readonly event: string | null
  readonly batch: number | null
  readonly at: string | null
  readonly message: string
}

/** What was found, for people and programs. Times are ISO 8601. */
export function reportOf({ oldestUnsealed, findings, ...counts }: AuditVerification): ReportedVerification {
  return {
    ...counts,
    oldestUnsealed: oldestUnsealed === undefined ? null : instant(oldestUnsealed),
    findings: findings.map(reportedFinding),
  }
}

function reportedFinding(finding: AuditFinding): ReportedFinding {
  const { kind } = finding
  switch (kind) {
    case 'changed':
    case 'removed':
    case 'inserted': {
      const event = `${finding.event.writer}-${finding.event.sequence}`
      const at = instant(finding.at)
      return { kind, event, batch: finding.batch ?? null, at, message: eventMessages[kind](event, at) }
    }
    case 'batch-changed':
    case 'batch-removed': {
      const { batch } = finding
      const message =
        kind === 'batch-removed'
          ? `batch ${batch} of the chain is gone, and what it held can not be told any more`
          : `batch ${batch} is not what the chain says: it, or the one before it, was written anew`
      return { kind, event: null, batch, at: null, message }
    }
    case 'end-removed': {
      const { said, found } = finding
      const message = `the chain is said to end with batch ${said.number}, and ends with ${found.number}${said.number === found.number ? ', which is another' : ''}`
      return { kind, event: null, batch: said.number, at: null, message }
    }
    case 'not-the-anchor': {
      const { number } = finding.anchor
      const message = `batch ${number} is gone, or not the one of the anchor: the chain was cut off before it, or written anew`
      return { kind, event: null, batch: number, at: null, message }
    }
    case 'beginning-removed': {
      const { number } = finding.trimmed
      const message = `the chain begins behind batch ${number}, and no retention says so: what was before was removed`
      return { kind, event: null, batch: number, at: null, message }
    }
  }
}

const eventMessages = {
  changed: (event: string, at: string) => `event ${event} of ${at} was changed`,
  removed: (event: string, at: string) => `event ${event}, sealed at ${at}, was removed`,
  inserted: (event: string, at: string) => `event ${event} of ${at} was inserted`,
}
