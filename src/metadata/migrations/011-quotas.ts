import { sql } from 'kysely'
import { recountContent, recountRepositories, recountUsage, releaseTrashed } from '../recount.ts'
import { journaled } from './journaled.ts'
import { keyedTable, type Migration } from './migration.ts'

/** What each namespace holds and may hold. What is there already is counted: some seconds for a million links. */
export const quotas: Migration = {
  version: 11,
  name: 'quotas',
  oldestBerth: '0.1.0',
  statements(db, dialect) {
    const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
    const count = (table: string, column: string) =>
      db.schema
        .alterTable(table)
        .addColumn(column, 'bigint', (definition) => definition.notNull().defaultTo(0))
    return [
      db.schema.alterTable('blob_links').addColumn('released', 'integer'),
      count('repositories', 'counted'),
      count('uploads', 'reserved'),
      keyedTable(db, dialect, 'namespace_content')
        .addColumn('namespace', text, (column) => column.notNull())
        .addColumn('digest', text, (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('live', 'bigint', (column) => column.notNull())
        .addColumn('trashed', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('namespace_content_key', ['namespace', 'digest']),
      keyedTable(db, dialect, 'usage')
        .addColumn('namespace', text, (column) => column.notNull())
        .addColumn('stripe', 'integer', (column) => column.notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .addColumn('reserved', 'bigint', (column) => column.notNull())
        .addColumn('repositories', 'bigint', (column) => column.notNull())
        .addColumn('limit_bytes', 'bigint')
        .addColumn('limit_repositories', 'bigint')
        .addPrimaryKeyConstraint('usage_key', ['namespace', 'stripe']),
      keyedTable(db, dialect, 'quotas')
        .addColumn('namespace', text, (column) => column.primaryKey())
        .addColumn('bytes', 'bigint')
        .addColumn('repositories', 'bigint'),
      releaseTrashed,
      recountContent(dialect),
      recountRepositories,
      recountUsage(dialect),
      // After the rows: what is inserted in the order of the key fills its pages.
      sql`create index namespace_content_trashed on namespace_content (namespace, size) where live <= 0`,
      ...(dialect === 'sqlite' ? journaled('quotas', ['namespace'], ['bytes', 'repositories']) : []),
    ]
  },
}
