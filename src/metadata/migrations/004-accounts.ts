import { type Kysely, sql } from 'kysely'
import type { DialectName } from '../statement.ts'
import { journaled } from './journaled.ts'
import { keyedTable, type Migration } from './migration.ts'

/** Who may do what: users, organisations, namespaces, grants, and what they sign in with. */
export const accounts: Migration = {
  version: 4,
  name: 'accounts',
  oldestBerth: '0.1.0',
  statements: (db, dialect) => [
    ...tables(db, dialect),
    ...indexes(db),
    sql`insert into access_state (id, closed) values (1, 0)`,
    ...(dialect === 'sqlite' ? [...changeCounters, ...journalOfRepositories, ...journalOfAccounts] : []),
  ],
}

type Kind = 'text' | 'text?' | 'number' | 'number?'

/** Rows refer to each other by id, without foreign keys: a rebuild may bring back one without the other. */
function tables(db: Kysely<unknown>, dialect: DialectName) {
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`
  const table = (name: string, key: readonly string[], columns: Readonly<Record<string, Kind>>) => {
    let built = keyedTable(db, dialect, name)
    for (const [column, kind] of Object.entries(columns)) {
      built = built.addColumn(column, kind.startsWith('text') ? text : 'bigint', (definition) =>
        kind.endsWith('?') ? definition : definition.notNull(),
      )
    }
    return built.addPrimaryKeyConstraint(`${name}_pkey`, key as never)
  }
  return [
    db.schema
      .alterTable('repositories')
      .addColumn('visibility', text, (column) => column.notNull().defaultTo('private')),
    table('users', ['id'], {
      id: 'text',
      name: 'text',
      email: 'text?',
      password_hash: 'text?',
      admin: 'number',
      disabled: 'number',
      generation: 'number',
      created_at: 'number',
    }),
    table('organisations', ['id'], { id: 'text', name: 'text', created_at: 'number' }),
    table('organisation_members', ['organisation', 'member'], {
      organisation: 'text',
      member: 'text',
      role: 'text',
    }),
    table('teams', ['id'], { id: 'text', organisation: 'text', name: 'text', created_at: 'number' }),
    table('team_members', ['team', 'member'], { team: 'text', member: 'text' }),
    table('namespaces', ['name'], {
      name: 'text',
      owner_kind: 'text',
      owner: 'text?',
      default_visibility: 'text',
      created_at: 'number',
    }),
    table('grants', ['subject', 'resource_kind', 'resource'], {
      subject: 'text',
      subject_kind: 'text',
      resource_kind: 'text',
      resource: 'text',
      role: 'text',
    }),
    table('robots', ['id'], {
      id: 'text',
      organisation: 'text',
      name: 'text',
      disabled: 'number',
      generation: 'number',
      created_at: 'number',
    }),
    table('access_tokens', ['id'], {
      id: 'text',
      owner_kind: 'text',
      owner: 'text',
      name: 'text',
      hash: 'text',
      scopes: 'text?',
      addresses: 'text?',
      expires_at: 'number?',
      created_at: 'number',
      last_used_at: 'number?',
    }),
    table('invitations', ['id'], {
      id: 'text',
      hash: 'text',
      email: 'text?',
      organisation: 'text?',
      created_by: 'text',
      created_at: 'number',
      expires_at: 'number',
    }),
    table('refresh_tokens', ['hash'], {
      hash: 'text',
      owner_kind: 'text',
      owner: 'text',
      access_token: 'text?',
      generation: 'number',
      service: 'text',
      created_at: 'number',
      expires_at: 'number',
    }),
    table('signing_keys', ['kid'], {
      kid: 'text',
      algorithm: 'text',
      public_jwk: 'text',
      private_jwk: 'text',
      created_at: 'number',
      retired_at: 'number?',
    }),
    table('access_state', ['id'], { id: 'number', closed: 'number', closed_at: 'number?', why: 'text?' }),
  ]
}

function indexes(db: Kysely<unknown>) {
  const index = (name: string) => db.schema.createIndex(name)
  return [
    index('repositories_visibility').on('repositories').columns(['visibility', 'name']),
    index('users_name').on('users').column('name').unique(),
    index('organisations_name').on('organisations').column('name').unique(),
    index('organisation_members_member').on('organisation_members').columns(['member', 'organisation']),
    index('teams_name').on('teams').columns(['organisation', 'name']).unique(),
    index('team_members_member').on('team_members').columns(['member', 'team']),
    index('namespaces_owner').on('namespaces').columns(['owner', 'name']),
    index('grants_resource').on('grants').columns(['resource_kind', 'resource']),
    index('robots_name').on('robots').columns(['organisation', 'name']).unique(),
    index('access_tokens_hash').on('access_tokens').column('hash').unique(),
    index('access_tokens_owner').on('access_tokens').column('owner'),
    index('invitations_hash').on('invitations').column('hash').unique(),
    index('refresh_tokens_owner').on('refresh_tokens').column('owner'),
    index('refresh_tokens_access_token').on('refresh_tokens').column('access_token'),
    index('refresh_tokens_expires_at').on('refresh_tokens').column('expires_at'),
  ]
}

const values: Readonly<Record<string, { key: readonly string[]; values: readonly string[] }>> = {
  users: {
    key: ['id'],
    values: ['name', 'email', 'password_hash', 'admin', 'disabled', 'generation', 'created_at'],
  },
  organisations: { key: ['id'], values: ['name', 'created_at'] },
  organisation_members: { key: ['organisation', 'member'], values: ['role'] },
  teams: { key: ['id'], values: ['organisation', 'name', 'created_at'] },
  team_members: { key: ['team', 'member'], values: [] },
  namespaces: { key: ['name'], values: ['owner_kind', 'owner', 'default_visibility', 'created_at'] },
  grants: { key: ['subject', 'resource_kind', 'resource'], values: ['subject_kind', 'role'] },
  robots: { key: ['id'], values: ['organisation', 'name', 'disabled', 'generation', 'created_at'] },
  access_tokens: {
    key: ['id'],
    values: ['owner_kind', 'owner', 'name', 'hash', 'scopes', 'addresses', 'expires_at', 'created_at'],
  },
  invitations: {
    key: ['id'],
    values: ['hash', 'email', 'organisation', 'created_by', 'created_at', 'expires_at'],
  },
  signing_keys: {
    key: ['kid'],
    values: ['algorithm', 'public_jwk', 'private_jwk', 'created_at', 'retired_at'],
  },
  access_state: { key: ['id'], values: ['closed', 'closed_at', 'why'] },
}

const journalOfAccounts = Object.entries(values).flatMap(([table, columns]) =>
  journaled(table, columns.key, columns.values),
)

const journalOfRepositories = [
  ...['insert', 'update', 'delete'].map((event) => sql.raw(`drop trigger journal_repositories_${event}`)),
  ...journaled('repositories', ['name'], ['created_at', 'visibility']),
]

/** Decisions are kept until one of these changes; when a token was last used is no such change. */
const changeCounters = [
  sql`insert into change_counters values ('access', 0)`,
  ...[
    ...Object.entries(values),
    ['repositories', { key: ['name'], values: ['visibility'] }] as const,
  ].flatMap(([table, columns]) =>
    ['insert', 'delete', `update of ${[...columns.key, ...columns.values].join(', ')}`].map((event) =>
      sql.raw(`create trigger ${table}_${event.slice(0, 6)}_counted after ${event} on ${table} begin
      update change_counters set value = value + 1 where kind = 'access'; end`),
    ),
  ),
]
