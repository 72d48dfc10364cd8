import type { MovedTable, Row } from './moved-tables.ts'

/** What a database is to a registry that would move into it. */
export type TargetState =
  | { readonly state: 'empty' }
  /** Something else lies in it, as `what` says. */
  | { readonly state: 'foreign'; readonly what: string }
  /** A registry moves here, or has moved here: what was noted of it. */
  | { readonly state: 'noted'; readonly note: string }

/** A database that a registry moves into. */
export interface MetadataTarget {
  /** What people call it; without passwords. */
  readonly place: string
  state(): Promise<TargetState>
  /** Makes the tables and puts the note on record, at once: no server begins an empty registry in between. */
  claim(note: string): Promise<void>
  /**
   * Fills all tables in one transaction: until it ends, the database is as empty as it was, and its note the old one.
   * @param work puts the rows in; what it returns becomes the new note
   */
  fill(work: (rows: TargetRows) => Promise<string>): Promise<void>
}

/** The rows of a registry that moves, inside the transaction that brings them. */
export interface TargetRows {
  /** Takes what the migrations put there; the tables in the order in which they are filled. */
  clear(tables: readonly MovedTable[]): Promise<void>
  /** @throws Error where the table has other columns there */
  insert(table: MovedTable, rows: readonly Row[]): Promise<void>
  rows(table: MovedTable): AsyncIterable<Row>
  /** @param at milliseconds since 1970 */
  markDamaged(digests: readonly string[], at: number): Promise<void>
  /** What the namespaces use follows from the rows that were brought. */
  countUsage(): Promise<void>
  /** Numbers that the database gives by itself go on behind those that were brought. */
  continueNumbers(tables: readonly MovedTable[]): Promise<void>
}
