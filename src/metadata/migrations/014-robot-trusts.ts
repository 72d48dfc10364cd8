import { sql } from 'kysely'
import { journaled } from './journaled.ts'
import { keyedTable, type Migration } from './migration.ts'

/** Which outside jobs a robot trusts, what they were given for it, and which of their tokens are spent. */
export const robotTrusts: Migration = {
  version: 14,
  name: 'robot-trusts',
  oldestBerth: '0.1.0',
  statements(db, dialect) {
    const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
    const index = (name: string) => db.schema.createIndex(name)
    return [
      keyedTable(db, dialect, 'robot_trusts')
        .addColumn('id', text, (column) => column.primaryKey())
        .addColumn('robot', text, (column) => column.notNull())
        .addColumn('issuer', text, (column) => column.notNull())
        .addColumn('audience', text, (column) => column.notNull())
        .addColumn('claims', text, (column) => column.notNull())
        .addColumn('scopes', text)
        .addColumn('created_at', 'bigint', (column) => column.notNull()),
      keyedTable(db, dialect, 'spent_workload_tokens')
        .addColumn('hash', text, (column) => column.primaryKey())
        .addColumn('expires_at', 'bigint', (column) => column.notNull()),
      db.schema.alterTable('access_tokens').addColumn('trust', text),
      index('robot_trusts_robot').on('robot_trusts').columns(['robot', 'issuer']),
      index('robot_trusts_issuer').on('robot_trusts').column('issuer'),
      index('spent_workload_tokens_expires_at').on('spent_workload_tokens').column('expires_at'),
      index('access_tokens_trust')
        .on('access_tokens')
        .column('trust')
        .where(sql.ref('trust'), 'is not', null),
      index('access_tokens_workload_expires_at')
        .on('access_tokens')
        .column('expires_at')
        .where(sql.ref('trust'), 'is not', null),
      ...(dialect === 'sqlite' ? journal : []),
    ]
  },
}

const journal = [
  ...['insert', 'update', 'delete'].map((event) => sql.raw(`drop trigger journal_access_tokens_${event}`)),
  ...journaled(
    'access_tokens',
    ['id'],
    ['owner_kind', 'owner', 'name', 'hash', 'scopes', 'addresses', 'expires_at', 'created_at', 'trust'],
  ),
  ...journaled('robot_trusts', ['id'], ['robot', 'issuer', 'audience', 'claims', 'scopes', 'created_at']),
  ...journaled('spent_workload_tokens', ['hash'], ['expires_at']),
]
