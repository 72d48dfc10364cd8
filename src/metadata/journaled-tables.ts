/** A table whose rows the journal keeps, so that `berth rebuild` brings them back. */
export interface JournaledTable {
  readonly name: string
  /** Columns that together name a row; where nothing else does, all of them. */
  readonly key: readonly string[]
  /** The other columns that come back as they were. */
  readonly values: readonly string[]
  /** Times that a rebuild sets anew: it found the row confirmed. */
  readonly confirmed?: readonly string[]
  /** Columns that a rebuild leaves empty: it looks for itself. */
  readonly found?: readonly string[]
  /** SQLite numbers its rows, as it does those of every table that is not kept in the tree of its key. */
  readonly numbered?: true
}

/** In the order in which rows refer to each other. A new table is one entry here and one `journaled` in its migration. */
export const journaledTables: readonly JournaledTable[] = [
  { name: 'state', key: ['key'], values: ['value'] },
  {
    name: 'repositories',
    key: ['name'],
    values: ['created_at', 'visibility'],
    found: ['counted'],
    numbered: true,
  },
  {
    name: 'blob_links',
    key: ['repository', 'digest'],
    values: [],
    confirmed: ['confirmed_at'],
    found: ['released'],
  },
  {
    name: 'manifests',
    key: ['repository', 'digest'],
    values: [
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
    confirmed: ['confirmed_at'],
    numbered: true,
  },
  { name: 'tags', key: ['repository', 'name'], values: ['digest', 'updated_at'] },
  { name: 'tag_history', key: ['repository', 'tag', 'digest', 'at', 'caller'], values: [], numbered: true },
  { name: 'trash', key: ['id'], values: ['repository', 'kind', 'name', 'deleted_at', 'caller'] },
  { name: 'trashed_tags', key: ['trash', 'tag'], values: ['digest'] },
  {
    name: 'trashed_manifests',
    key: ['trash', 'digest'],
    values: ['media_type', 'bytes', 'subject', 'artifact_type', 'content_size', 'pushed_at'],
    numbered: true,
  },
  {
    name: 'trashed_references',
    key: ['trash', 'manifest', 'digest', 'role'],
    values: ['repository', 'held'],
  },
  {
    name: 'users',
    key: ['id'],
    values: ['name', 'email', 'password_hash', 'admin', 'disabled', 'generation', 'created_at'],
  },
  { name: 'organisations', key: ['id'], values: ['name', 'created_at'] },
  { name: 'organisation_members', key: ['organisation', 'member'], values: ['role'] },
  { name: 'teams', key: ['id'], values: ['organisation', 'name', 'created_at'] },
  { name: 'team_members', key: ['team', 'member'], values: [] },
  { name: 'namespaces', key: ['name'], values: ['owner_kind', 'owner', 'default_visibility', 'created_at'] },
  { name: 'grants', key: ['subject', 'resource_kind', 'resource'], values: ['subject_kind', 'role'] },
  { name: 'robots', key: ['id'], values: ['organisation', 'name', 'disabled', 'generation', 'created_at'] },
  {
    name: 'robot_trusts',
    key: ['id'],
    values: ['robot', 'issuer', 'audience', 'claims', 'scopes', 'created_at'],
  },
  {
    name: 'access_tokens',
    key: ['id'],
    values: [
      'owner_kind',
      'owner',
      'name',
      'hash',
      'scopes',
      'addresses',
      'expires_at',
      'created_at',
      'trust',
    ],
    found: ['last_used_at'],
  },
  {
    name: 'invitations',
    key: ['id'],
    values: ['hash', 'email', 'organisation', 'created_by', 'created_at', 'expires_at'],
  },
  {
    name: 'signing_keys',
    key: ['kid'],
    values: ['algorithm', 'public_jwk', 'private_jwk', 'created_at', 'retired_at'],
  },
  { name: 'quotas', key: ['namespace'], values: ['bytes', 'repositories'] },
  {
    name: 'outside_identities',
    key: ['issuer', 'subject'],
    values: ['account', 'login', 'withdrawn_at'],
    found: ['checked_at'],
  },
  { name: 'outside_memberships', key: ['member', 'place_kind', 'place'], values: [] },
  { name: 'spent_workload_tokens', key: ['hash'], values: ['expires_at'] },
  { name: 'access_state', key: ['id'], values: ['closed', 'closed_at', 'why'] },
  {
    name: 'webhooks',
    key: ['id'],
    values: [
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
    found: ['failures', 'failing_since', 'retry_at'],
  },
]

/** Tables that the journal leaves out, each with the reason. */
export const notJournaled: Readonly<Record<string, string>> = {
  blobs: 'the files themselves tell',
  manifest_references: 'the bytes of the manifests tell',
  review: 'a rebuild asks for a review of everything',
  uploads: 'an open upload is begun again',
  doomed_objects: 'what nothing refers to is reported by a rebuild',
  pulls: 'unknown is taken for today',
  holds: 'who holds objects asks again',
  collector_runs: 'only told to people',
  refresh_tokens: 'whoever has one signs in again',
  namespace_content: 'a rebuild counts anew',
  usage: 'a rebuild counts anew',
  jobs: 'who runs them asks again',
  audit_events: 'each write would be written twice; a rebuild says that they are lost',
  audit_batches: 'goes with the events',
  audit_chain: 'goes with the events',
  audit_writers: 'goes with the events',
  rates: 'limits begin anew',
  deliveries: 'what was on its way when the database was lost is told to nobody',
  migrations: 'a rebuild makes the tables anew',
  journal_queue: 'the journal itself',
  journal_position: 'the journal itself',
  change_counters: 'caches of a process that is gone',
}
