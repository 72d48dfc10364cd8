import { sql } from 'kysely'
import type { DialectName } from '../statement.ts'
import { journaled } from './journaled.ts'
import type { Migration } from './migration.ts'

/** The registry's name for itself, and on SQLite the queue of what the journal must write. */
export const journal: Migration = {
  version: 3,
  name: 'journal',
  oldestBerth: '0.1.0',
  statements: (_, dialect) => [
    registryId(dialect),
    ...(dialect === 'sqlite' ? [...tables, ...triggers] : []),
  ],
}

/** Backups go by it: one registry's are never mixed with another's. */
function registryId(dialect: DialectName) {
  const id =
    dialect === 'sqlite' ? sql`lower(hex(randomblob(16)))` : sql`replace(gen_random_uuid()::text, '-', '')`
  return sql`insert into state (key, value) values ('registry', ${id})`
}

const tables = [
  sql`create table journal_queue (id integer primary key, kind text not null, key text not null)`,
  // How far the journal's files are known to be on disk.
  sql`create table journal_position (only integer primary key check (only = 1), log integer not null, size integer not null)`,
]

const triggers = [
  ...journaled('state', ['key'], ['value']),
  ...journaled('repositories', ['name'], ['created_at']),
  ...journaled('blob_links', ['repository', 'digest'], []),
  ...journaled(
    'manifests',
    ['repository', 'digest'],
    [
      'media_type',
      'bytes',
      'subject',
      'artifact_type',
      'content_size',
      'pushed_at',
      'untagged_at',
      'orphaned_at',
      'damaged_at',
    ],
  ),
  ...journaled('tags', ['repository', 'name'], ['digest', 'updated_at']),
  ...journaled('tag_history', ['repository', 'tag', 'digest', 'at', 'caller'], []),
  ...journaled('trash', ['id'], ['repository', 'kind', 'name', 'deleted_at', 'caller']),
  ...journaled('trashed_tags', ['trash', 'tag'], ['digest']),
  ...journaled(
    'trashed_manifests',
    ['trash', 'digest'],
    ['media_type', 'bytes', 'subject', 'artifact_type', 'content_size', 'pushed_at'],
  ),
  ...journaled('trashed_references', ['trash', 'manifest', 'digest', 'role'], ['repository', 'held']),
]
