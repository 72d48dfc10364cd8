import type { ClientBase, QueryResult } from 'pg'
import type { Reader, SchemaTransaction } from '../engine.ts'

/** Sends a statement; without a name, so that a pooler may send each to another connection. */
type Send = (text: string, values: unknown[]) => Promise<QueryResult>

export function readerOn(send: Send): Reader {
  return {
    dialect: 'postgres',
    async all(statement, args) {
      const { sql, values } = statement.compile('postgres')
      return (await send(sql, values(args))).rows
    },
    async first(statement, args) {
      const { sql, values } = statement.compile('postgres')
      return (await send(sql, values(args))).rows[0]
    },
  }
}

export function transactionOn(client: ClientBase): SchemaTransaction {
  return {
    ...readerOn((text, values) => client.query(text, values)),
    async run(statement, args) {
      const { sql, values } = statement.compile('postgres')
      return (await client.query(sql, values(args))).rowCount ?? 0
    },
    async execute(text) {
      await client.query(text)
    },
  }
}
