import type { Generated } from 'kysely'
import type { Digest } from '../oci/digest.ts'
import type { ReferenceRole } from '../oci/manifest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { AccountsSchema, Visibility } from './accounts-schema.ts'
import type { AuditSchema } from './audit-schema.ts'
import type { NotificationsSchema } from './notifications-schema.ts'
import type { QuotasSchema } from './quotas-schema.ts'

/**
 * The tables, the same on SQLite and PostgreSQL. Times are milliseconds since 1970 by the database's clock; sizes
 * are bytes; texts compare bytewise.
 */
export interface Schema extends AccountsSchema, AuditSchema, NotificationsSchema, QuotasSchema {
  repositories: RepositoryRow
  blobs: BlobRow
  blob_links: BlobLinkRow
  manifests: ManifestRow
  manifest_references: ManifestReferenceRow
  tags: TagRow
  tag_history: TagHistoryRow
  uploads: UploadRow
  review: ReviewRow
  doomed_objects: DoomedObjectRow
  pulls: PullRow
  trash: TrashRow
  trashed_tags: TrashedTagRow
  trashed_manifests: TrashedManifestRow
  trashed_references: TrashedReferenceRow
  holds: HoldRow
  collector_runs: CollectorRunRow
  jobs: JobRow
  rates: RateRow
  state: StateRow
  migrations: MigrationRow
}

/** A repository is there from its first manifest on. */
export interface RepositoryRow {
  name: RepositoryName
  created_at: number
  /** The namespace's default when it was made; private unless set. */
  visibility: Generated<Visibility>
  /** 1: it holds a manifest, and counts in its namespace. */
  counted: Generated<number>
}

/** The only place that knows which stored object holds a digest. */
export interface BlobRow {
  digest: Digest
  object_key: string
  size: number
  created_at: number
  /** Since when its object is known to be damaged or missing: no reader sees it until a push brings it again. */
  damaged_at: number | null
}

/** This repository holds this blob. */
export interface BlobLinkRow {
  repository: RepositoryName
  digest: Digest
  confirmed_at: number
  /**
   * 1: the last manifest that needed it was deleted, and by itself it counts in no quota; null: it counts, as one does
   * whose manifest is still to come.
   */
  released: number | null
}

export interface ManifestRow {
  repository: RepositoryName
  digest: Digest
  media_type: string
  /** Exactly what was pushed. */
  bytes: Uint8Array
  subject: Digest | null
  artifact_type: string | null
  /** Config and layers together. */
  content_size: number
  pushed_at: number
  confirmed_at: number
  /** When its last tag went; null: it never lost one. */
  untagged_at: number | null
  /** Since when the last index that listed it, or its subject, is gone for good by somebody's deletion. */
  orphaned_at: number | null
  /** Since when its bytes are known not to be those of its digest: no reader gets it until a push brings it again. */
  damaged_at: number | null
}

/** No foreign key: a sparse reference may point at nothing. */
export interface ManifestReferenceRow {
  repository: RepositoryName
  manifest: Digest
  digest: Digest
  role: ReferenceRole
}

export interface TagRow {
  repository: RepositoryName
  name: Tag
  digest: Digest
  /** When it was last set, be it to the same manifest again. */
  updated_at: number
}

export interface TagHistoryRow {
  repository: RepositoryName
  tag: Tag
  /** What the tag pointed at from then on; null: it was deleted. */
  digest: Digest | null
  at: number
  caller: string
}

export interface UploadRow {
  id: string
  repository: RepositoryName
  object_key: string
  /** Bytes that are durable. */
  durable_offset: number
  /** Digest of those bytes, so that a closing request without a body hashes nothing again; null: not known. */
  digest_so_far: Digest | null
  /** What the object is called once it is committed: a crash may have left it there. */
  target_key: string | null
  writer: string | null
  lease_until: number
  /** 1: a writer that fell silent was overtaken once, and may come back; null: none was. */
  contested: number | null
  started_at: number
  last_activity: number
  /** What the storage needs to go on with it, whoever does; null: nothing. */
  notes: string | null
  /** Its hash so far, to go on with on another process; null: only the one that made it can. */
  hash_state: Uint8Array | null
  /** Whose it is, where one caller's are counted: an account's kind and id, or an address; null: nobody's. */
  opened_by: string | null
  /** Bytes that it has reserved in its namespace's quota; 0 where no limit is set. */
  reserved: number
}

/** Look at this link or manifest then: something that held it may be gone. */
export interface ReviewRow {
  due_at: number
  repository: RepositoryName
  digest: Digest
}

/** Unknown to every reader, to be removed. */
export interface DoomedObjectRow {
  object_key: string
  since: number
  /** Null: only storage knows. */
  size: number | null
}

/** The last day on which a manifest was pulled, by tag or by digest: its first millisecond. */
export interface PullRow {
  repository: RepositoryName
  digest: Digest
  day: number
}

export type TrashKind = 'tag' | 'manifest' | 'repository'

/** One deletion that can be taken back. */
export interface TrashRow {
  id: string
  repository: RepositoryName
  kind: TrashKind
  /** The tag or the manifest's digest; of a repository the one that it is being restored to, and else empty. */
  name: string
  /** 0: it is being emptied, and can't be taken back. */
  deleted_at: number
  caller: string
}

export interface TrashedTagRow {
  trash: string
  tag: Tag
  digest: Digest
}

export interface TrashedManifestRow {
  trash: string
  digest: Digest
  media_type: string
  bytes: Uint8Array
  subject: Digest | null
  artifact_type: string | null
  content_size: number
  pushed_at: number
}

/** What a deletion keeps alive: the references of its manifests, and the manifests of its tags. */
export interface TrashedReferenceRow {
  trash: string
  repository: RepositoryName
  manifest: Digest
  digest: Digest
  role: ReferenceRole | 'tag'
  /** 1: the repository held it, so that a link to it may come back with the manifest; else 0. */
  held: number
}

/** While a hold lasts, no object is removed: somebody copies them. */
export interface HoldRow {
  id: string
  until: number
}

export interface CollectorRunRow {
  id: string
  /** Which process: `server` or a command. */
  runner: string
  started_at: number
  finished_at: number
  links: number
  manifests: number
  objects: number
  bytes: number
}

/** What one process runs for all that share the database. */
export interface JobRow {
  name: string
  /** When the next run is due. */
  due_at: number
  /** The turn under way: no two have the same name; null: there is none. */
  turn: string | null
  /** Which process has the turn, or had the last one. */
  runner: string | null
  /** The turn is another's to take from then on. */
  lease_until: number
  /** When the last run ended; null: none did. */
  ended_at: number | null
}

/** What one client used of a limit, or an address from which an account was signed in to. */
export interface RateRow {
  /** The kind first, then who: `pull`, `pair`, `address`, `account` or `known`. */
  key: string
  /** JSON of what was counted; empty: nothing yet. */
  counted: string
  /** From then on it counts no more. */
  ends_at: number
}

/** What must survive a restart or reach the processes beside the server, as JSON. */
export interface StateRow {
  key: string
  value: string
}

export interface MigrationRow {
  version: number
  name: string
  /** The oldest Berth that may use the database from this migration on. */
  oldest_berth: string
  applied_at: number
}
