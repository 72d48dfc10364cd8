import type { Page, Paged } from './pages.ts'

/** Who did what: read by administrators. Times are ISO 8601. */
export interface ManagesAudit {
  listAudit(page: Page & AuditFilter): Promise<Paged & { readonly events: readonly AuditEvent[] }>
  verifyAudit(by: { anchors: readonly AuditAnchor[] }): Promise<AuditVerification>
  auditAnchor(): Promise<{ readonly anchor: AuditAnchor | null }>
}

/** Undefined: whichever. */
export interface AuditFilter {
  readonly user?: string | undefined
  readonly action?: string | undefined
  readonly repository?: string | undefined
  readonly outcome?: AuditOutcome | undefined
  /** ISO 8601 with a zone, or an age such as `2h`. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly order: 'newest' | 'oldest'
}

export type AuditOutcome = 'done' | 'denied' | 'failed'

export interface AuditEvent {
  readonly id: string
  readonly at: string
  /** When the first of `count` alike was; null: it was one. */
  readonly since: string | null
  readonly who: string
  readonly kind: string
  readonly account: string | null
  readonly token: string | null
  readonly address: string | null
  readonly request: string | null
  readonly action: string
  readonly repository: string | null
  readonly digest: string | null
  readonly subject: string | null
  readonly detail?: unknown
  readonly outcome: AuditOutcome
  readonly count: number
}

export interface AuditAnchor {
  readonly number: number
  /** SHA-256 in hexadecimal. */
  readonly hash: string
}

export interface AuditVerification {
  readonly batches: number
  readonly events: number
  readonly unsealed: number
  readonly oldestUnsealed: string | null
  readonly head: AuditAnchor
  /** The last batch that retention removed; number 0: none. */
  readonly trimmed: AuditAnchor
  readonly anchors: number
  /** The first hundred, each with what it is about, in words. */
  readonly findings: readonly AuditFinding[]
}

export interface AuditFinding {
  readonly kind: string
  /** The event, as lists name it; null: it is about a batch. */
  readonly event: string | null
  readonly batch: number | null
  readonly at: string | null
  readonly message: string
}
