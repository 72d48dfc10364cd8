import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { ManagesAccess, Visibility } from './access-management.ts'
import type { ManagesAudit } from './audit-management.ts'
import type { Page, Paged } from './pages.ts'
import type { ManagesQuotas } from './quota-management.ts'
import type { ManagesWebhooks } from './webhook-management.ts'

export type { Page }

/**
 * What an operator does with a registry: through its management API, or directly on its data. Times are ISO 8601,
 * sizes are bytes.
 */
export interface Management
  extends ManagesRepositories,
    ManagesTags,
    ManagesTrash,
    SwitchesReadOnly,
    ManagesAccess,
    ManagesAudit,
    ManagesQuotas,
    ManagesWebhooks,
    AsyncDisposable {}

export interface InRepository {
  readonly repository: RepositoryName
}

export interface Deletion extends InRepository {
  /** For good, past the trash. */
  readonly purge: boolean
}

export interface ManagesRepositories {
  listRepositories(page: Page): Promise<Paged & { readonly repositories: readonly Repository[] }>
  showRepository(of: InRepository): Promise<Repository>
  deleteRepository(deletion: Deletion): Promise<DeletedRepository>
  deleteManifest(deletion: Deletion & { digest: Digest }): Promise<Deleted>
}

export interface Repository {
  readonly name: string
  readonly tags: number
  readonly manifests: number
  /** Blobs of the repository, each once, and their bytes: others may share them. */
  readonly blobs: number
  readonly bytes: number
  readonly lastPush: string | null
  readonly visibility: Visibility
}

export interface Deleted {
  /** What it can be taken back by; null: it is gone for good. */
  readonly trash: string | null
}

export interface DeletedRepository extends Deleted {
  readonly repository: string
  readonly manifests: number
  readonly tags: number
}

export interface TagAddress extends InRepository {
  readonly tag: Tag
}

export interface ManagesTags {
  listTags(page: Page & InRepository): Promise<Paged & { readonly tags: readonly TagSummary[] }>
  deleteTag(deletion: Deletion & TagAddress): Promise<Deleted>
  tagHistory(of: TagAddress & { limit: number }): Promise<TagHistory>
  /** @param of.at ISO 8601 with a zone, or an age such as `2h`; undefined: now */
  resolveTag(of: TagAddress & { at: string | undefined }): Promise<ResolvedTag>
  restoreTag(restoration: TagRestoration): Promise<RestoredTag>
}

export interface TagSummary {
  readonly tag: string
  readonly digest: string
  readonly mediaType: string
  /** Config and layers together; 0 for an index. */
  readonly size: number
  readonly updatedAt: string
  readonly pushedAt: string
}

export interface TagHistory {
  readonly repository: string
  readonly tag: string
  /** The latest first. */
  readonly moves: readonly TagMove[]
}

export interface TagMove {
  /** Null: the tag was deleted. */
  readonly digest: string | null
  readonly at: string
  readonly caller: string
}

export interface ResolvedTag {
  readonly repository: string
  readonly tag: string
  readonly digest: string
  readonly manifest: 'there' | 'trash' | 'gone'
}

/** To what it pointed at before, unless a manifest or a time is named. */
export interface TagRestoration extends TagAddress {
  readonly digest?: Digest | undefined
  readonly at?: string | undefined
}

export interface RestoredTag {
  readonly repository: string
  readonly tag: string
  readonly digest: string
  readonly before: string | null
}

export interface ManagesTrash {
  listTrash(
    page: Page & { repository: RepositoryName | undefined },
  ): Promise<Paged & { readonly trash: readonly TrashItem[] }>
  restoreTrash(restoration: TrashRestoration): Promise<RestoredTrash>
  emptyTrash(one: { id: string }): Promise<Emptied>
  /** Of one repository, or of all. */
  emptyAllTrash(of: { repository: RepositoryName | undefined }): Promise<Emptied>
}

export interface TrashItem {
  readonly id: string
  readonly repository: string
  readonly kind: 'tag' | 'manifest' | 'repository'
  /** The tag or the manifest's digest; empty for a repository. */
  readonly name: string
  /** What a deleted tag pointed at. */
  readonly digest: string | null
  readonly deletedAt: string
  readonly expiresAt: string
  readonly caller: string
  readonly manifests: number
  /** The first thousand. */
  readonly tags: readonly string[]
  readonly tagCount: number
  readonly restoringTo: string | null
}

export interface TrashRestoration {
  readonly id: string
  readonly repository?: RepositoryName | undefined
  readonly tag?: Tag | undefined
}

export interface RestoredTrash {
  readonly id: string
  readonly repository: string
  readonly manifests: number
  readonly tags: number
  readonly skipped: readonly string[]
  readonly missing: readonly string[]
}

export interface Emptied {
  readonly emptied: number
}

export interface SwitchesReadOnly {
  readOnlyStatus(): Promise<ReadOnlyStatus>
  switchReadOnly(to: { readOnly: boolean }): Promise<ReadOnlyStatus>
}

export interface ReadOnlyStatus {
  readonly readOnly: boolean
  /** Whether the setting server.read-only refuses writes, whatever the switch says. */
  readonly setting: boolean
  readonly switched: { readonly by: string; readonly at: string } | null
}
