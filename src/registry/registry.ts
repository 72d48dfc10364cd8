import type {
  AdoptsFiles,
  BlobStore,
  KeepsUploadKeys,
  MarksClosed,
  PresignsReads,
  ReadsObjects,
  ReadsUploads,
  ReportsFreeSpace,
} from '../blobs/blob-store.ts'
import type { ManifestLimits } from '../metadata/changes/manifest-limits.ts'
import type { MissingAllowed } from '../metadata/changes/manifests.ts'
import type { Pull } from '../metadata/changes/state.ts'
import type { DefaultLimits } from '../metadata/changes/usage/limits.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { NotesPulls } from './pull-notices.ts'
import type { UnfinishedHashes } from './uploads/hashes.ts'

/** What the use cases work with. */
export interface Registry {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore &
    ReadsObjects &
    Partial<ReportsFreeSpace & AdoptsFiles & ReadsUploads & KeepsUploadKeys & PresignsReads & MarksClosed>
  readonly rules: Rules
  /** What may be pushed; not given: whoever works on it is bound by none. */
  readonly limits?: ContentLimits
  readonly hashes: UnfinishedHashes
  /** Whether servers that this one knows nothing of may go on with the same uploads; not unless given. */
  readonly replicated?: boolean
  /** Milliseconds since 1970. */
  now(): number
  /** A name for an upload that nobody can guess: lower-case letters, digits and dashes. */
  newId(): string
  /** A name for a deletion; later ones sort behind. */
  newTrashId(): string
  /** Notes that a manifest was pulled; must cost nothing. */
  pulled(manifest: Pull): void
  /** Who hears of each pull; undefined: nobody. */
  readonly pullNotices?: NotesPulls
}

/** What the operator's use cases need: a command beside the server has no more. */
export type ManagedRegistry = Pick<Registry, 'metadata' | 'rules' | 'now' | 'newTrashId'>

export interface Rules {
  readonly missing: MissingAllowed
  readonly deleteEnabled: boolean
  /** Milliseconds that a link lives after it was last confirmed. */
  readonly grace: number
  /** Whether the setting refuses writes; the switch of `berth read-only` may all the same. */
  readonly readOnly: boolean
  /** Below this many free bytes uploads are refused. */
  readonly minFree: number
  /** Tags that stay where they are once they are set. */
  readonly immutableTags: readonly ImmutableTags[]
  /** Milliseconds that a deletion can be taken back; 0: it is for good. */
  readonly trashRetention: number
  /** What a namespace may hold for which nothing was set; undefined: a server of before put the rules on record. */
  readonly quota?: DefaultLimits
}

/** What one caller or image may take up. Bytes and counts. */
export interface ContentLimits extends ManifestLimits {
  readonly blobSize: number
  /** Uploads that one caller has open at the same time. */
  readonly openUploads: number
  /** Layers or children of one manifest. */
  readonly references: number
}

/** Globs both: `*` within a part of a name, `**` across parts. */
export interface ImmutableTags {
  readonly repositories: string
  readonly tags: string
}

/** The globs of the tags that are immutable in one repository. */
export function immutableIn(rules: Rules, repository: RepositoryName): readonly string[] {
  if (rules.immutableTags.length === 0) return none
  return rules.immutableTags
    .filter(({ repositories }) => new Bun.Glob(repositories).match(repository))
    .map(({ tags }) => tags)
}

const none: readonly string[] = []

/** Who does something where: the caller's name goes into the history, and his rights decide what is confirmed. */
export interface Call {
  readonly repository: RepositoryName
  readonly caller: string
  readonly mayPush: boolean
}
