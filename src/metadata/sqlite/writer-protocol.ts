import type { ChangeOrder } from '../changes/make-change.ts'
import type { AuditState, JournalState } from '../metadata-store.ts'

/** What the thread that owns the writing connection is told, and what it answers, in order. */
export type ToWriter = Open | Batch | { type: 'close' }

export interface Open {
  type: 'open'
  path: string
  berth: string
  /** Where the journal lies; null: this process does not keep it. */
  journal: string | null
}

export interface Batch {
  type: 'batch'
  /** Whether the commit must be on disk before it is answered. */
  sync: boolean
  changes: readonly ChangeOrder[]
}

export type FromWriter =
  | { type: 'opened' }
  | ({ type: 'refused' } & Failure)
  | { type: 'committed'; outcomes: readonly ChangeOutcome[] }
  | ({ type: 'failed' } & Failure)
  | { type: 'closed' }

/** What it tells unasked. */
export type Told = JournalTold | AuditTold

export interface JournalTold {
  type: 'journal'
  state: JournalState
}

export interface AuditTold {
  type: 'audit'
  state: AuditState
}

export interface Failure {
  /** A RegistryError's code, SQLite's, or the error's name. */
  code: string
  message: string
  detail?: unknown
}

export type ChangeOutcome = { ok: true; result: unknown } | ({ ok: false } & Failure)
