import { type Kysely, sql } from 'kysely'
import type { DialectName } from '../statement.ts'
import { keyedTable, type Migration } from './migration.ts'

/** Who did what: rows that are never changed, and the chain of batches that seals them. */
export const audit: Migration = {
  version: 10,
  name: 'audit',
  oldestBerth: '0.1.0',
  statements: (db, dialect) => [
    ...tables(db, dialect),
    ...indexes(db),
    sql`insert into audit_chain (id, number, hash, trimmed, trimmed_hash) values (1, 0, '', 0, '')`,
  ],
}

function tables(db: Kysely<unknown>, dialect: DialectName) {
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
  const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`
  return [
    keyedTable(db, dialect, 'audit_events')
      .addColumn('writer', text, (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('since', 'bigint')
      .addColumn('who', text, (column) => column.notNull())
      .addColumn('kind', text, (column) => column.notNull())
      .addColumn('account', text)
      .addColumn('token', text)
      .addColumn('address', text)
      .addColumn('request', text)
      .addColumn('action', text, (column) => column.notNull())
      .addColumn('repository', text)
      .addColumn('digest', text)
      .addColumn('subject', text)
      .addColumn('detail', text)
      .addColumn('outcome', text, (column) => column.notNull())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_events_pkey', ['writer', 'sequence'] as never),
    db.schema
      .createTable('audit_batches')
      .addColumn('number', dialect === 'sqlite' ? sql`integer` : 'bigint', (column) => column.primaryKey())
      .addColumn('previous', text, (column) => column.notNull())
      .addColumn('writer', text, (column) => column.notNull())
      .addColumn('after_sequence', 'bigint', (column) => column.notNull())
      .addColumn('last_sequence', 'bigint', (column) => column.notNull())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('ended', 'bigint', (column) => column.notNull())
      .addColumn('entries', bytes, (column) => column.notNull())
      .addColumn('hash', text, (column) => column.notNull()),
    keyedTable(db, dialect, 'audit_chain')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('hash', text, (column) => column.notNull())
      .addColumn('trimmed', 'bigint', (column) => column.notNull())
      .addColumn('trimmed_hash', text, (column) => column.notNull()),
    keyedTable(db, dialect, 'audit_writers')
      .addColumn('writer', text, (column) => column.primaryKey())
      .addColumn('begun_at', 'bigint', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'bigint', (column) => column.notNull())
      .addColumn('ended', 'bigint', (column) => column.notNull()),
  ]
}

/** Each filter finds its rows in the order of time. */
function indexes(db: Kysely<unknown>) {
  const inTime = (name: string, ...first: string[]) =>
    db.schema
      .createIndex(`audit_events_${name}`)
      .on('audit_events')
      .columns([...first, 'at', 'writer', 'sequence'] as never)
  return [
    inTime('at'),
    inTime('who', 'who'),
    inTime('action', 'action'),
    inTime('repository', 'repository').where(sql.ref('repository'), 'is not', null),
    // Most of what is done succeeds, and need not be found by that.
    inTime('outcome', 'outcome').where(sql.ref('outcome'), '<>', sql.lit('done')),
    db.schema.createIndex('audit_batches_writer').on('audit_batches').columns(['writer', 'number']),
    db.schema.createIndex('audit_writers_seen').on('audit_writers').columns(['ended', 'seen_at']),
  ]
}
