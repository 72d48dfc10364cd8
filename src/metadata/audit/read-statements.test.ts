import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { migrate } from '../migrations/migrate.ts'
import { sqliteTransaction } from '../sqlite/transaction.ts'
import { eventSlices, lastTrim, nextWriter } from './read-statements.ts'
import { eventsBetween } from './writer-statements.ts'

const database = new Database(':memory:')
await migrate(sqliteTransaction(database), '0.1.0')

function planOf(compiled: { sql: string; values: (args: never) => unknown[] }, args: object): string {
  return database
    .query<{ detail: string }, SQLQueryBindings[]>(`explain query plan ${compiled.sql}`)
    .all(...(compiled.values(args as never) as SQLQueryBindings[]))
    .map(({ detail }) => detail)
    .join('; ')
}

const slices = Object.entries(eventSlices).flatMap(([by, orders]) =>
  Object.entries(orders).map(([order, slice]) => [by, order, slice] as const),
)

test.each(slices)('events by %s, the %s first, come from their index in its order', (by, order, slice) => {
  const args = { at: 1, writer: '', sequence: 0, value: 'x', end: 0, limit: 10 }
  const index = `audit_events_${by === 'time' ? 'at' : by}`
  const plan = planOf(slice.compile('sqlite'), args)
  expect(plan).toContain(`SEARCH audit_events USING INDEX ${index}`)
  expect(plan).not.toContain('TEMP B-TREE')
  expect(['newest', 'oldest']).toContain(order)
})

test.each([
  ['rows of a batch', eventsBetween, { writer: 'w', after: 0, last: 9, limit: 10 }, 'PRIMARY KEY'],
  ['the next writer', nextWriter, { after: 'w' }, 'SEARCH audit_events USING'],
  ['what retention said last', lastTrim, {}, 'audit_events_action'],
])('%s are found without a walk through all', (_what, statement, args, expected) => {
  const plan = planOf(statement.compile('sqlite') as never, args)
  expect(plan).toContain(expected)
  expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
})
