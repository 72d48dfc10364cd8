import type { AuditEventRow } from '../audit-schema.ts'

/** What is recorded of something that somebody did, or tried to. */
export interface AuditEntry
  extends Pick<
    AuditEventRow,
    | 'who'
    | 'kind'
    | 'account'
    | 'token'
    | 'address'
    | 'request'
    | 'action'
    | 'repository'
    | 'digest'
    | 'subject'
    | 'detail'
    | 'outcome'
  > {
  /** Milliseconds since it was; where it stands for several alike, since the last of them. */
  readonly age: number
  /** Milliseconds since the first of several alike; null: it was one. */
  readonly firstAge: number | null
  readonly count: number
}

/** SHA-256 of what a row says, and of where it stands. */
export function hashOfEvent(row: AuditEventRow): Uint8Array {
  const text = JSON.stringify([
    row.writer,
    row.sequence,
    row.at,
    row.since,
    row.who,
    row.kind,
    row.account,
    row.token,
    row.address,
    row.request,
    row.action,
    row.repository,
    row.digest,
    row.subject,
    row.detail,
    row.outcome,
    row.count,
  ])
  return new Bun.CryptoHasher('sha256').update(text).digest()
}
