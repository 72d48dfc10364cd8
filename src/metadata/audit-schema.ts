/** The audit log. Times are milliseconds since 1970 by the database's clock. */
export interface AuditSchema {
  audit_events: AuditEventRow
  audit_batches: AuditBatchRow
  audit_chain: AuditChainRow
  audit_writers: AuditWriterRow
}

export type AuditOutcome =
  | 'done'
  /** He may not, or is not who he says. */
  | 'denied'
  /** It was refused or broke for another reason. */
  | 'failed'

/** What somebody did, or tried to. A row is never changed. */
export interface AuditEventRow {
  /** Which process wrote it, in which of its lives. */
  writer: string
  /** Counted by the writer; a number is missing where a transaction did not take place. */
  sequence: number
  /** When it was; where it stands for several alike, the last of them. */
  at: number
  /** When the first of several alike was; null: it was one. */
  since: number | null
  /** The name of who did it. */
  who: string
  kind: string
  account: string | null
  /** The id of the access token that he came with. */
  token: string | null
  address: string | null
  request: string | null
  action: string
  repository: string | null
  digest: string | null
  /** What it was done to where that is no repository. */
  subject: string | null
  /** JSON. */
  detail: string | null
  outcome: AuditOutcome
  /** How many alike it stands for. */
  count: number
}

/** Some rows of one writer, sealed: each batch holds the hash of the one before, whichever writer made that. */
export interface AuditBatchRow {
  /** 1, 2, 3, …: without a gap. */
  number: number
  previous: string
  writer: string
  /** It stands for all rows of the writer behind this sequence, up to the last one. */
  after_sequence: number
  last_sequence: number
  count: number
  at: number
  /** 1: the writer has no later rows. */
  ended: number
  /** Sequence and hash of each row. */
  entries: Uint8Array
  hash: string
}

/** One row: where the chain of batches begins by now, and ends. */
export interface AuditChainRow {
  id: number
  /** The last batch; 0: there was none. */
  number: number
  hash: string
  /** The last batch that retention removed; 0: none. */
  trimmed: number
  trimmed_hash: string
}

/** For the writers themselves; `verify` goes by the batches alone. */
export interface AuditWriterRow {
  writer: string
  begun_at: number
  /** Who is silent for long is gone, and another seals what it left. */
  seen_at: number
  sealed: number
  ended: number
}
