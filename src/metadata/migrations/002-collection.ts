import { type Kysely, sql } from 'kysely'
import type { DialectName } from '../statement.ts'
import { keyedTable, type Migration } from './migration.ts'

/** What the collector, trash, verification and commands beside a server go by. */
export const collection: Migration = {
  version: 2,
  name: 'collection',
  oldestBerth: '0.1.0',
  statements: (db, dialect) => [
    ...columns(db),
    ...tables(db, dialect),
    ...indexes(db),
    ...(dialect === 'sqlite' ? [...changeCounters, ...statistics] : []),
  ],
}

function columns(db: Kysely<unknown>) {
  const add = (table: string, column: string) => db.schema.alterTable(table).addColumn(column, 'bigint')
  return [
    add('blobs', 'damaged_at'),
    add('manifests', 'untagged_at'),
    add('manifests', 'orphaned_at'),
    add('manifests', 'damaged_at'),
    add('doomed_objects', 'size'),
  ]
}

function tables(db: Kysely<unknown>, dialect: DialectName) {
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
  const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  const table = (name: string) => db.schema.createTable(name)
  const keyed = (name: string) => keyedTable(db, dialect, name)
  return [
    keyed('pulls')
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull())
      .addColumn('day', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('pulls_key', ['repository', 'digest']),
    keyed('trash')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('kind', text, (column) => column.notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('deleted_at', 'bigint', (column) => column.notNull())
      .addColumn('caller', text, (column) => column.notNull()),
    keyed('trashed_tags')
      .addColumn('trash', text, (column) => column.notNull().references('trash.id'))
      .addColumn('tag', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('trashed_tags_key', ['trash', 'tag']),
    table('trashed_manifests')
      .addColumn('trash', text, (column) => column.notNull().references('trash.id'))
      .addColumn('digest', text, (column) => column.notNull())
      .addColumn('media_type', text, (column) => column.notNull())
      .addColumn('bytes', bytes, (column) => column.notNull())
      .addColumn('subject', text)
      .addColumn('artifact_type', text)
      .addColumn('content_size', 'bigint', (column) => column.notNull())
      .addColumn('pushed_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('trashed_manifests_key', ['trash', 'digest']),
    keyed('trashed_references')
      .addColumn('trash', text, (column) => column.notNull().references('trash.id'))
      .addColumn('repository', text, (column) => column.notNull())
      .addColumn('manifest', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull())
      .addColumn('role', text, (column) => column.notNull())
      .addColumn('held', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('trashed_references_key', ['trash', 'manifest', 'digest', 'role']),
    keyed('holds')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull()),
    table('collector_runs')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('runner', text, (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('finished_at', 'bigint', (column) => column.notNull())
      .addColumn('links', 'bigint', (column) => column.notNull())
      .addColumn('manifests', 'bigint', (column) => column.notNull())
      .addColumn('objects', 'bigint', (column) => column.notNull())
      .addColumn('bytes', 'bigint', (column) => column.notNull()),
    keyed('state')
      .addColumn('key', text, (column) => column.primaryKey())
      .addColumn('value', text, (column) => column.notNull()),
  ]
}

function indexes(db: Kysely<unknown>) {
  const index = (name: string) => db.schema.createIndex(name)
  return [
    index('tags_age').on('tags').columns(['repository', 'updated_at', 'name']),
    index('review_address').on('review').columns(['repository', 'digest']),
    index('trash_deleted_at').on('trash').column('deleted_at'),
    index('trashed_references_address').on('trashed_references').columns(['repository', 'digest']),
    index('trashed_references_digest').on('trashed_references').column('digest'),
    index('trashed_manifests_digest').on('trashed_manifests').column('digest'),
    index('collector_runs_started_at').on('collector_runs').column('started_at'),
  ]
}

/** A switch in `state` is looked at with every write: read once, and again when it changed. */
const changeCounters = [
  sql`insert into change_counters values ('state', 0)`,
  ...['insert', 'update', 'delete'].map((event) =>
    sql.raw(`create trigger state_${event}_counted after ${event} on state begin
      update change_counters set value = value + 1 where kind = 'state'; end`),
  ),
]

/**
 * What a repository's tags look like to SQLite's planner. Without it, the tags of one manifest are looked for among all
 * tags of the repository, which the foreign key does at each deletion of a manifest.
 */
const statistics = [
  sql`analyze tags`,
  sql`delete from sqlite_stat1 where tbl = 'tags'`,
  sql`insert into sqlite_stat1 values
    ('tags', 'tags', '1000000 1000 1'),
    ('tags', 'tags_digest', '1000000 1000 2'),
    ('tags', 'tags_age', '1000000 1000 2 1')`,
  sql`analyze sqlite_schema`,
]
