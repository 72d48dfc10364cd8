import type { Database, SQLQueryBindings } from 'bun:sqlite'
import type { Reader, SchemaTransaction } from '../engine.ts'
import type { Statement } from '../statement.ts'

type Bindings = SQLQueryBindings[]

/** Runs statements on a connection; bun:sqlite keeps each prepared. */
export function sqliteReader(database: Database): Reader {
  return {
    dialect: 'sqlite',
    async all<Arguments, Row>(statement: Statement<Arguments, Row>, args: Arguments) {
      const { sql, values } = statement.compile('sqlite')
      return database.query<Row, Bindings>(sql).all(...(values(args) as Bindings))
    },
    async first<Arguments, Row>(statement: Statement<Arguments, Row>, args: Arguments) {
      const { sql, values } = statement.compile('sqlite')
      return database.query<Row, Bindings>(sql).get(...(values(args) as Bindings)) ?? undefined
    },
  }
}

export function sqliteTransaction(database: Database): SchemaTransaction {
  return {
    ...sqliteReader(database),
    async run(statement, args) {
      const { sql, values } = statement.compile('sqlite')
      return database.query<unknown, Bindings>(sql).run(...(values(args) as Bindings)).changes
    },
    async execute(text) {
      database.run(text)
    },
  }
}
