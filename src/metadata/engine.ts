import type { AuditEntry } from './audit/entry.ts'
import type { DialectName, Statement } from './statement.ts'

/** What a query needs of a database, so that each query is written once for SQLite and PostgreSQL. */
export interface Reader {
  readonly dialect: DialectName
  all<Arguments, Row>(statement: Statement<Arguments, Row>, args: Arguments): Promise<Row[]>
  first<Arguments, Row>(statement: Statement<Arguments, Row>, args: Arguments): Promise<Row | undefined>
}

/** A transaction under way. Whatever throws inside it undoes it. */
export interface Transaction extends Reader {
  /** @returns how many rows changed */
  run<Arguments>(statement: Statement<Arguments, unknown>, args: Arguments): Promise<number>
  /** Takes what goes into the audit log with the transaction; undefined: it makes or moves a database. */
  readonly audit?: TakesAuditEntries
}

/** Writes entries of the audit log as a part of a transaction. */
export interface TakesAuditEntries {
  record(tx: Transaction, entries: readonly AuditEntry[]): Promise<void>
}

/** Text of a migration, already compiled. */
export interface SchemaTransaction extends Transaction {
  execute(text: string): Promise<void>
}
