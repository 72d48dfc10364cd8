import { type Kysely, sql } from 'kysely'
import type { DialectName } from '../statement.ts'
import { keyedTable, type Migration } from './migration.ts'

/** Repositories, blobs, manifests, tags, uploads, and what the collector goes by. */
export const registry: Migration = {
  version: 1,
  name: 'registry',
  oldestBerth: '0.1.0',
  statements: (db, dialect) => [
    ...tables(db, dialect),
    ...indexes(db),
    ...(dialect === 'sqlite' ? changeCounters : []),
  ],
}

function tables(db: Kysely<unknown>, dialect: DialectName) {
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
  const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const table = (name: string) => db.schema.createTable(name)
  const keyed = (name: string) => keyedTable(db, dialect, name)
  return [
    table('repositories')
      .addColumn('name', text, (column) => column.primaryKey())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    keyed('blobs')
      .addColumn('digest', text, (column) => column.primaryKey())
      .addColumn('object_key', text, (column) => column.notNull().unique())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull()),
    keyed('blob_links')
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull().references('blobs.digest'))
      .addColumn('confirmed_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('blob_links_key', ['repository', 'digest']),
    table('manifests')
      .addColumn('repository', text, (column) => column.notNull().references('repositories.name'))
      .addColumn('digest', text, (column) => column.notNull())
      .addColumn('media_type', text, (column) => column.notNull())
      .addColumn('bytes', bytes, (column) => column.notNull())
      .addColumn('subject', text)
      .addColumn('artifact_type', text)
      .addColumn('content_size', 'bigint', (column) => column.notNull())
      .addColumn('pushed_at', 'bigint', (column) => column.notNull())
      .addColumn('confirmed_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('manifests_key', ['repository', 'digest']),
    keyed('manifest_references')
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('manifest', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull())
      .addColumn('role', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('manifest_references_key', ['repository', 'manifest', 'digest', 'role']),
    keyed('tags')
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('tags_key', ['repository', 'name'])
      .addForeignKeyConstraint('tags_manifest', ['repository', 'digest'], 'manifests', [
        'repository',
        'digest',
      ]),
    table('tag_history')
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('tag', text, (column) => column.notNull())
      .addColumn('digest', text)
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('caller', text, (column) => column.notNull()),
    keyed('uploads')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('object_key', text, (column) => column.notNull())
      .addColumn('durable_offset', 'bigint', (column) => column.notNull())
      .addColumn('digest_so_far', text)
      .addColumn('target_key', text)
      .addColumn('writer', text)
      .addColumn('lease_until', 'bigint', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('last_activity', 'bigint', (column) => column.notNull()),
    keyed('review')
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('review_key', ['due_at', 'repository', 'digest']),
    keyed('doomed_objects')
      .addColumn('object_key', text, (column) => column.primaryKey())
      .addColumn('since', 'bigint', (column) => column.notNull()),
  ]
}

function indexes(db: Kysely<unknown>) {
  const index = (name: string) => db.schema.createIndex(name)
  return [
    index('blob_links_digest').on('blob_links').column('digest'),
    index('manifests_subject').on('manifests').columns(['repository', 'subject', 'digest']),
    index('manifest_references_digest').on('manifest_references').columns(['repository', 'digest']),
    index('tags_digest').on('tags').columns(['repository', 'digest']),
    index('tag_history_tag').on('tag_history').columns(['repository', 'tag', 'at']),
    index('uploads_last_activity').on('uploads').column('last_activity'),
    index('doomed_objects_since').on('doomed_objects').column('since'),
  ]
}

/**
 * On one machine, caches of what can change are checked against these counters. Triggers bump them, so that no
 * change by any command can forget to.
 */
const changeCounters = [
  sql`create table change_counters (kind text primary key, value integer not null) without rowid`,
  sql`insert into change_counters values ('tags', 0), ('manifests', 0), ('links', 0)`,
  ...[
    ['tags', 'tags', 'insert'],
    ['tags', 'tags', 'update'],
    ['tags', 'tags', 'delete'],
    ['manifests', 'manifests', 'insert'],
    ['manifests', 'manifests', 'update'],
    ['manifests', 'manifests', 'delete'],
    ['links', 'blob_links', 'update'],
    ['links', 'blob_links', 'delete'],
    ['links', 'blobs', 'update'],
    ['links', 'blobs', 'delete'],
  ].map(([kind, table, event]) =>
    sql.raw(`create trigger ${table}_${event}_counted after ${event} on ${table} begin
      update change_counters set value = value + 1 where kind = '${kind}'; end`),
  ),
]
