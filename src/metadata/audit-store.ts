import type { AuditEventRow, AuditOutcome } from './audit-schema.ts'

export type { AuditOutcome }

/** How far the audit log of one process is. */
export interface AuditState {
  /** Rows that it wrote since it started. */
  readonly written: number
  /** Of these, the ones that no batch holds yet. */
  readonly waiting: number
  /** Where the chain ended when this process last added to it. */
  readonly head: AuditAnchor | undefined
  /** A batch that this process added, and that it did not find again: somebody took it away. */
  readonly lost: AuditAnchor | undefined
  /** Why the chain can't be written; undefined: it can. */
  readonly failure: string | undefined
}

/** A batch of the chain, by which everything before it is held. */
export interface AuditAnchor {
  readonly number: number
  /** SHA-256 in hexadecimal. */
  readonly hash: string
}

/** Where an event stands in time, among those of the same millisecond too. */
export interface AuditPosition {
  readonly at: number
  readonly writer: string
  readonly sequence: number
}

export type AuditEvent = AuditEventRow

/** By what the events of a slice are found; each of them costs what it finds. */
export type AuditKey =
  | { readonly by: 'time' }
  | { readonly by: 'who' | 'action' | 'repository'; readonly value: string }
  /** Other than `done`. */
  | { readonly by: 'outcome'; readonly value: AuditOutcome }

export interface AuditSlice {
  readonly key: AuditKey
  readonly order: 'newest' | 'oldest'
  /** Only events behind it in the order. */
  readonly behind: AuditPosition
  /** Milliseconds since 1970: where, in the order, no event is looked for any more; inclusive. */
  readonly end: number
  readonly limit: number
}

export interface ReadsAudit {
  listAudit(slice: AuditSlice): Promise<AuditEvent[]>
  /** Where the chain ends now; undefined: nothing was ever sealed. */
  auditHead(): Promise<AuditAnchor | undefined>
  /** Reads the whole chain, and gives way to others on the way. */
  verifyAudit(by: AuditVerificationOptions): Promise<AuditVerification>
}

export interface AuditVerificationOptions {
  /** Batches as somebody wrote them down elsewhere. */
  readonly anchors?: readonly AuditAnchor[]
  /** Told of each batch that was read, with how many there are. */
  progress?(batches: number, of: number): void
}

export interface AuditVerification {
  /** Batches that the chain has, and events that they hold. */
  readonly batches: number
  readonly events: number
  /** Events that no batch holds yet: the latest of those who write now, or of one that was killed. */
  readonly unsealed: number
  /** Milliseconds since 1970. */
  readonly oldestUnsealed: number | undefined
  readonly head: AuditAnchor
  /** The last batch that retention removed; number 0: none. */
  readonly trimmed: AuditAnchor
  /** Anchors that were compared; the others are older than what retention keeps. */
  readonly anchors: number
  /** In the order of the chain, the first hundred. */
  readonly findings: readonly AuditFinding[]
}

export type AuditFinding =
  | {
      readonly kind: 'changed' | 'removed' | 'inserted'
      readonly event: { readonly writer: string; readonly sequence: number }
      /** Milliseconds since 1970: of the event, as it is there, or of the batch that held it. */
      readonly at: number
      /** Undefined: it lies where no batch is. */
      readonly batch: number | undefined
    }
  /** The batch is not what the one behind it, or its own hash, says; or it is gone. */
  | { readonly kind: 'batch-changed' | 'batch-removed'; readonly batch: number }
  /** The chain ends before where it is said to end. */
  | { readonly kind: 'end-removed'; readonly said: AuditAnchor; readonly found: AuditAnchor }
  /** A batch is not the one that was written down elsewhere. */
  | { readonly kind: 'not-the-anchor'; readonly anchor: AuditAnchor }
  /** The chain begins where no retention made it begin. */
  | { readonly kind: 'beginning-removed'; readonly trimmed: AuditAnchor }
