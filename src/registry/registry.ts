import type { BlobStore, ReportsFreeSpace } from '../blobs/blob-store.ts'
import type { MissingAllowed } from '../metadata/changes/manifests.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { UnfinishedHashes } from './uploads/hashes.ts'

/** What the use cases work with. */
export interface Registry {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore & Partial<ReportsFreeSpace>
  readonly rules: Rules
  readonly hashes: UnfinishedHashes
  /** Milliseconds since 1970. */
  now(): number
  /** A name for an upload that nobody can guess: lower-case letters, digits and dashes. */
  newId(): string
}

export interface Rules {
  readonly missing: MissingAllowed
  readonly deleteEnabled: boolean
  /** Milliseconds that a link lives after it was last confirmed. */
  readonly grace: number
  /** Below this many free bytes uploads are refused. */
  readonly minFree: number
}

/** Who does something where: the caller's name goes into the history, and his rights decide what is confirmed. */
export interface Call {
  readonly repository: RepositoryName
  readonly caller: string
  readonly mayPush: boolean
}
