import { sql } from 'kysely'
import { keyedTable, type Migration } from './migration.ts'

/** What servers that share a database need to know of each other: whose turn a job is, and who may still write where. */
export const jobs: Migration = {
  version: 9,
  name: 'jobs',
  oldestBerth: '0.1.0',
  statements(db, dialect) {
    const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
    return [
      db.schema.alterTable('uploads').addColumn('contested', 'integer'),
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
