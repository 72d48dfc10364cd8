import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What lets an upload go on from any process, where its bytes lie in a storage that several share. */
export const sharedUploads: Migration = {
  version: 6,
  name: 'shared uploads',
  oldestBerth: '0.1.0',
  statements: (db, dialect) => [
    db.schema
      .alterTable('uploads')
      .addColumn('notes', dialect === 'sqlite' ? sql`text` : sql`text collate "C"`),
    db.schema.alterTable('uploads').addColumn('hash_state', dialect === 'sqlite' ? sql`blob` : sql`bytea`),
  ],
}
