import type { Compilable, Kysely, RawBuilder } from 'kysely'
import type { DialectName } from '../statement.ts'

export interface Migration {
  /** 1, 2, 3, …: never changed once released. */
  readonly version: number
  readonly name: string
  /** The oldest Berth that works with the database as this migration leaves it. */
  readonly oldestBerth: string
  statements(db: Kysely<unknown>, dialect: DialectName): readonly (Compilable | RawBuilder<unknown>)[]
}
