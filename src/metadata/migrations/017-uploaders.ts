import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Who opened an upload, so that one caller's can be counted. */
export const uploaders: Migration = {
  version: 17,
  name: 'uploaders',
  oldestBerth: '0.1.0',
  statements: (db, dialect) => [
    db.schema
      .alterTable('uploads')
      .addColumn('opened_by', dialect === 'sqlite' ? sql`text` : sql`text collate "C"`),
    db.schema
      .createIndex('uploads_opened_by')
      .on('uploads')
      .column('opened_by')
      .where('opened_by', 'is not', null),
  ],
}
