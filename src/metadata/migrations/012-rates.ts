import { sql } from 'kysely'
import { keyedTable, type Migration } from './migration.ts'

/** Pulls and wrong sign-ins of all servers that share a database, for limits that hold for them together. */
export const rates: Migration = {
  version: 12,
  name: 'rates',
  oldestBerth: '0.1.0',
  statements(db, dialect) {
    const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
    const table = keyedTable(db, dialect, 'rates')
    return [
      // A crash of PostgreSQL may forget what was counted: it need not wait for a disk to count.
      (dialect === 'postgres' ? table.modifyFront(sql`unlogged`) : table)
        .addColumn('key', text, (column) => column.primaryKey())
        .addColumn('counted', text, (column) => column.notNull())
        .addColumn('ends_at', 'bigint', (column) => column.notNull()),
      db.schema.createIndex('rates_by_end').on('rates').column('ends_at'),
    ]
  },
}
