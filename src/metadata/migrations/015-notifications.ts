import { sql } from 'kysely'
import { journaled } from './journaled.ts'
import { keyedTable, type Migration } from './migration.ts'

/** Who is told of what happens, and what is on its way to them. */
export const notifications: Migration = {
  version: 15,
  name: 'notifications',
  oldestBerth: '0.1.0',
  statements(db, dialect) {
    const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
    return [
      keyedTable(db, dialect, 'webhooks')
        .addColumn('id', text, (column) => column.primaryKey())
        .addColumn('place', text, (column) => column.notNull())
        .addColumn('name', text, (column) => column.notNull())
        .addColumn('url', text, (column) => column.notNull())
        .addColumn('secret', text, (column) => column.notNull())
        .addColumn('old_secret', text)
        .addColumn('old_secret_until', 'bigint')
        .addColumn('actions', text, (column) => column.notNull())
        .addColumn('pulls', 'integer', (column) => column.notNull())
        .addColumn('repositories', text, (column) => column.notNull())
        .addColumn('blobs', 'integer', (column) => column.notNull())
        .addColumn('media_type', text, (column) => column.notNull())
        .addColumn('headers', text, (column) => column.notNull())
        .addColumn('enabled', 'integer', (column) => column.notNull())
        .addColumn('paused_why', text)
        .addColumn('created_by', text, (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('failures', 'integer')
        .addColumn('failing_since', 'bigint')
        .addColumn('retry_at', 'bigint'),
      // Each change asks it: who is told of what happens here.
      db.schema.createIndex('webhooks_by_place').unique().on('webhooks').columns(['place', 'name']),
      db.schema.createIndex('webhooks_by_pulls').on('webhooks').columns(['pulls', 'enabled']),
      keyedTable(db, dialect, 'deliveries')
        .addColumn('id', text, (column) => column.primaryKey())
        .addColumn('webhook', text, (column) => column.notNull())
        .addColumn('event', text, (column) => column.notNull())
        .addColumn('repository', text, (column) => column.notNull())
        .addColumn('action', text, (column) => column.notNull())
        .addColumn('target', text, (column) => column.notNull())
        .addColumn('origin', text, (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('queued_at', 'bigint', (column) => column.notNull())
        .addColumn('state', text, (column) => column.notNull())
        .addColumn('due_at', 'bigint', (column) => column.notNull())
        .addColumn('claim', text)
        .addColumn('attempts', 'integer', (column) => column.notNull())
        .addColumn('status', 'integer')
        .addColumn('problem', text)
        .addColumn('duration', 'integer'),
      db.schema.createIndex('deliveries_by_webhook').on('deliveries').columns(['webhook', 'state', 'id']),
      db.schema.createIndex('deliveries_by_due').on('deliveries').columns(['state', 'due_at']),
      ...(dialect === 'sqlite'
        ? journaled(
            'webhooks',
            ['id'],
            [
              'place',
              'name',
              'url',
              'secret',
              'old_secret',
              'old_secret_until',
              'actions',
              'pulls',
              'repositories',
              'blobs',
              'media_type',
              'headers',
              'enabled',
              'paused_why',
              'created_by',
              'created_at',
            ],
          )
        : []),
    ]
  },
}
