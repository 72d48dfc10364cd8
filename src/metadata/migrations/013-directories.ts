import { sql } from 'kysely'
import { journaled } from './journaled.ts'
import { keyedTable, type Migration } from './migration.ts'

/** Whose accounts are known by somebody else, and which memberships come from there. */
export const directories: Migration = {
  version: 13,
  name: 'directories',
  oldestBerth: '0.1.0',
  statements(db, dialect) {
    const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
    return [
      keyedTable(db, dialect, 'outside_identities')
        .addColumn('issuer', text, (column) => column.notNull())
        .addColumn('subject', text, (column) => column.notNull())
        .addColumn('account', text, (column) => column.notNull())
        .addColumn('login', text, (column) => column.notNull())
        .addColumn('checked_at', 'bigint')
        .addColumn('withdrawn_at', 'bigint')
        .addPrimaryKeyConstraint('outside_identities_pkey', ['issuer', 'subject'] as never),
      db.schema.createIndex('outside_identities_account').on('outside_identities').column('account').unique(),
      keyedTable(db, dialect, 'outside_memberships')
        .addColumn('member', text, (column) => column.notNull())
        .addColumn('place_kind', text, (column) => column.notNull())
        .addColumn('place', text, (column) => column.notNull())
        .addPrimaryKeyConstraint('outside_memberships_pkey', ['member', 'place_kind', 'place'] as never),
      db.schema.createIndex('outside_memberships_place').on('outside_memberships').column('place'),
      ...(dialect === 'sqlite'
        ? [
            ...journaled('outside_identities', ['issuer', 'subject'], ['account', 'login', 'withdrawn_at']),
            ...journaled('outside_memberships', ['member', 'place_kind', 'place'], []),
          ]
        : []),
    ]
  },
}
