import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { Address, InRepository, Page } from './pages.ts'
import type { TrashKind } from './schema.ts'

/** What operators and retention ask: tags and their past, sums, the trash. */

export interface RemembersTags {
  /** The moves of a tag, the latest first. */
  listTagMoves(by: InRepository & { tag: Tag; limit: number }): Promise<TagMovement[]>
  /** What the tag pointed at then (milliseconds since 1970); null: it was deleted; undefined: it was not there yet. */
  findTagAt(by: InRepository & { tag: Tag; at: number }): Promise<Digest | null | undefined>
  /** Whether the tag ever pointed at the manifest. */
  pointedAt(by: InRepository & { tag: Tag; digest: Digest }): Promise<boolean>
}

export interface TagMovement {
  /** Null: the tag was deleted. */
  readonly digest: Digest | null
  /** Milliseconds since 1970. */
  readonly at: number
  readonly caller: string
}

/** What retention goes by. */
export interface ListsTagAges {
  /** The newest first; of one moment, the later name first. */
  listTagAges(page: InRepository & { after?: TagPlace | undefined; limit: number }): Promise<TagAge[]>
  /** Which of these the repository has manifests of. */
  listPresent(by: InRepository & { digests: readonly Digest[] }): Promise<Digest[]>
}

export interface FindsTags {
  /** Tags that point at a manifest, by name. */
  listTagsOf(by: Address & { limit: number }): Promise<TagPlace[]>
}

/** Where a tag stands by its age. */
export interface TagPlace {
  readonly tag: Tag
  /** When it was last set, be it to the same manifest again. Milliseconds since 1970. */
  readonly updatedAt: number
}

export interface TagAge extends TagPlace {
  readonly digest: Digest
  /**
   * The first millisecond, since 1970, of the day on which the manifest, or a child of the index that it is, was last
   * pulled; undefined: none on record.
   */
  readonly pulledDay: number | undefined
}

/** What a repository holds, summed slice by slice, so that a large one stalls nobody. */
export interface SumsRepositories {
  sumManifests(slice: RepositorySlice): Promise<SliceSum & { readonly lastPush: number | undefined }>
  /** Blobs of the repository, each once. */
  sumLinks(slice: RepositorySlice): Promise<SliceSum & { readonly bytes: number }>
  countTags(slice: RepositorySlice): Promise<SliceSum>
  /** Tags with what they point at, by name. */
  listTaggedManifests(page: InRepository & Page<string>): Promise<TaggedManifest[]>
}

export interface RepositorySlice extends InRepository {
  readonly after: string
  readonly limit: number
}

export interface SliceSum {
  readonly count: number
  /** Where the next slice starts; undefined at the end. */
  readonly last: string | undefined
}

/** Times are milliseconds since 1970. */
export interface TaggedManifest {
  readonly tag: Tag
  readonly digest: Digest
  readonly mediaType: string
  /** Config and layers together; 0 for an index. */
  readonly contentSize: number
  readonly updatedAt: number
  readonly pushedAt: number
}

export interface KeepsTrash extends ListsTrash, ExpiresTrash {}

export interface ListsTrash {
  /** Deletions that can be taken back, by time; of one repository, or of all. */
  listTrash(by: { repository?: RepositoryName; after?: string; limit: number }): Promise<TrashEntry[]>
  findTrash(id: string): Promise<TrashEntry | undefined>
  /** The latest deletion that has a manifest of the repository. */
  findTrashWith(by: Address): Promise<string | undefined>
}

export interface ExpiresTrash {
  /** Deletions older than `age` milliseconds, and those that are being emptied. */
  listExpiredTrash(by: { age: number; limit: number }): Promise<string[]>
}

export interface TrashEntry extends InRepository {
  readonly id: string
  readonly kind: TrashKind
  /** The tag or the manifest's digest; empty for a repository. */
  readonly name: string
  /** What a deleted tag pointed at. */
  readonly digest: Digest | undefined
  /** Milliseconds since 1970. */
  readonly deletedAt: number
  readonly caller: string
  readonly manifests: number
  /** The first thousand. */
  readonly tags: readonly Tag[]
  readonly tagCount: number
  /** A part of the repository has been restored there already. */
  readonly restoringTo: RepositoryName | undefined
}
