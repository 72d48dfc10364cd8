import { Database } from 'bun:sqlite'
import { beforeAll, expect, test } from 'bun:test'
import { journaledTables, notJournaled } from './journaled-tables.ts'
import { journalTriggers } from './migrations/journaled.ts'
import { migrate } from './migrations/migrate.ts'
import { sqliteTransaction } from './sqlite/transaction.ts'

const database = new Database(':memory:')

beforeAll(async () => {
  await migrate(sqliteTransaction(database), '0.1.0')
})

function names(type: 'table' | 'trigger'): string[] {
  return database
    .query<{ name: string }, [string]>(
      "select name from sqlite_master where type = ? and name not like 'sqlite%' order by name",
    )
    .all(type)
    .map(({ name }) => name)
}

test('each table is journaled, or left out for a reason', () => {
  const known = [...journaledTables.map(({ name }) => name), ...Object.keys(notJournaled)]
  expect(known.sort()).toEqual(names('table'))
})

test.each(journaledTables.map((table) => [table.name, table] as const))(
  'every column of %s comes back, and its triggers watch them',
  (name, { key, values, confirmed = [], found = [] }) => {
    const columns = database.query<{ name: string }, []>(`PRAGMA table_info(${name})`).all()
    expect([...key, ...values, ...confirmed, ...found].sort()).toEqual(
      columns.map((column) => column.name).sort(),
    )
    const triggers = database
      .query<{ sql: string }, [string]>(
        "select sql from sqlite_master where type = 'trigger' and tbl_name = ? and name like 'journal\\_%' escape '\\'",
      )
      .all(name)
    expect(triggers.map(({ sql }) => sql.toLowerCase()).sort()).toEqual(
      journalTriggers(name, key, values).sort(),
    )
  },
)
