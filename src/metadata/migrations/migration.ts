import { type Compilable, type Kysely, type RawBuilder, sql } from 'kysely'
import type { DialectName } from '../statement.ts'

export interface Migration {
  /** 1, 2, 3, …: never changed once released. */
  readonly version: number
  readonly name: string
  /** The oldest Berth that works with the database as this migration leaves it. */
  readonly oldestBerth: string
  statements(db: Kysely<unknown>, dialect: DialectName): readonly (Compilable | RawBuilder<unknown>)[]
}

/**
 * A table of small rows that are found by their key. SQLite keeps them in the key's own tree: with a tree for the
 * numbered rows beside it, each push would write a third more pages.
 */
export function keyedTable(db: Kysely<unknown>, dialect: DialectName, name: string) {
  const table = db.schema.createTable(name)
  return dialect === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table
}
