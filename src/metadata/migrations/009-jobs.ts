import { sql } from 'kysely'
import { keyedTable, type Migration } from './migration.ts'

/** Whose turn it is to run what one process runs for all that share the database. */
export const jobs: Migration = {
  version: 9,
  name: 'jobs',
  oldestBerth: '0.1.0',
  statements(db, dialect) {
    const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
    return [
      keyedTable(db, dialect, 'jobs')
        .addColumn('name', text, (column) => column.primaryKey())
        .addColumn('due_at', 'bigint', (column) => column.notNull())
        .addColumn('turn', text)
        .addColumn('runner', text)
        .addColumn('lease_until', 'bigint', (column) => column.notNull())
        .addColumn('ended_at', 'bigint'),
    ]
  },
}
