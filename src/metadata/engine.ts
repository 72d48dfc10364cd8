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
}

/** Text of a migration, already compiled. */
export interface SchemaTransaction extends Transaction {
  execute(text: string): Promise<void>
}
