import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { ChangeArguments, ChangeName, ChangeResult } from './changes/changes.ts'
import type { Assumed, BlobAssumed } from './holders.ts'
import type { CollectorRunRow, TrashKind } from './schema.ts'
import type { CollectionRules, Verdict } from './verdicts.ts'

/**
 * Repositories, links, manifests, tags and uploads. Each role is an interface of its own; a use case asks for the
 * roles that it needs.
 */
export interface MetadataStore
  extends ChangesMetadata,
    FindsManifests,
    FindsBlobs,
    FindsUploads,
    ListsContent,
    ListsObjects,
    CollectsGarbage,
    ForeseesCollection,
    RemembersTags,
    ListsTagAges,
    KeepsTrash,
    KeepsState,
    HasLifetime {}

/** Changes are transactions: done and durable when the promise resolves, or not at all. */
export interface ChangesMetadata {
  change<N extends ChangeName>(name: N, args: ChangeArguments<N>): Promise<ChangeResult<N>>
}

export interface InRepository {
  readonly repository: RepositoryName
}

export interface FindsManifests {
  findManifest(by: InRepository & { digest: Digest }): Promise<StoredManifest | undefined>
  findTagged(by: InRepository & { tag: Tag }): Promise<StoredManifest | undefined>
  /** Manifests whose subject is the digest, by digest. */
  listReferrers(
    page: InRepository & Page<Digest> & { subject: Digest; artifactType?: string },
  ): Promise<StoredManifest[]>
}

export interface StoredManifest {
  readonly digest: Digest
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly artifactType: string | undefined
  /** Milliseconds since 1970. */
  readonly confirmedAt: number
}

export interface FindsBlobs {
  findBlob(by: InRepository & { digest: Digest }): Promise<StoredBlob | undefined>
  /** Repositories that hold the blob, at most `limit` of them. */
  listHolders(by: { digest: Digest; limit: number }): Promise<RepositoryName[]>
  /** Sums a slice of the blobs in digest order: so that a large table stalls nobody. */
  sumBlobs(slice: { after: string; limit: number }): Promise<BlobSum>
}

export interface StoredBlob {
  readonly digest: Digest
  readonly objectKey: string
  readonly size: number
  /** Its object was found damaged or missing: it can't be read until a push brings it again. */
  readonly damaged: boolean
  /** Milliseconds since 1970. */
  readonly confirmedAt: number
}

export interface BlobSum {
  readonly count: number
  readonly bytes: number
  /** Where the next slice starts; undefined at the end. */
  readonly last: string | undefined
}

export interface FindsUploads {
  findUpload(by: InRepository & { id: string }): Promise<StoredUpload | undefined>
  countUploads(): Promise<number>
}

export interface StoredUpload {
  readonly id: string
  readonly objectKey: string
  /** Bytes that are durable. */
  readonly offset: number
  readonly digestSoFar: Digest | undefined
}

/** At most `limit` entries after `after`, exclusive, in bytewise order. */
export interface Page<T extends string> {
  readonly after?: T | ''
  readonly limit: number
}

export interface ListsContent {
  repositoryExists(name: RepositoryName): Promise<boolean>
  listTags(page: InRepository & Page<string>): Promise<Tag[]>
  listRepositories(page: Page<string>): Promise<RepositoryName[]>
  /** Repositories whose name holds the term, the exact name first, then by name. */
  searchRepositories(by: { term: string; limit: number }): Promise<RepositoryName[]>
}

/** What lies in storage, as far as the metadata knows. */
export interface ListsObjects {
  /** Blobs of all repositories, by digest. */
  listBlobs(page: Page<string>): Promise<KnownBlob[]>
  /** Manifests of all repositories, by repository and digest. */
  listManifests(page: { after?: InRepository & { digest: Digest }; limit: number }): Promise<KnownManifest[]>
  /** What an object is to the metadata; undefined: nothing. */
  findObject(objectKey: string): Promise<'blob' | 'upload' | 'doomed' | undefined>
}

export interface KnownBlob {
  readonly digest: Digest
  readonly objectKey: string
  readonly size: number
  readonly damaged: boolean
}

export interface KnownManifest extends InRepository {
  readonly digest: Digest
  readonly bytes: Uint8Array
}

export interface Address extends InRepository {
  readonly digest: Digest
}

export interface CollectsGarbage {
  /** Links and manifests whose review is due, each once. */
  listDue(by: { limit: number }): Promise<Address[]>
  /** Reviews that are due. */
  countDue(): Promise<number>
  /**
   * Objects that no reader knows any more, doomed at least `age` milliseconds ago; none while somebody holds them.
   */
  listDoomed(by: { age: number; limit: number }): Promise<DoomedObject[]>
  /** Objects doomed at least `age` milliseconds ago. */
  sumDoomed(by: { age: number }): Promise<{ readonly count: number; readonly bytes: number }>
  /** The latest runs of the collector, the last first. */
  listRuns(by: { limit: number }): Promise<CollectorRunRow[]>
  /** Milliseconds since 1970, by the clock that all ages go by. */
  clock(): Promise<number>
}

/** What a run of the collector would find now, for who asks beforehand. */
export interface ForeseesCollection {
  judge(
    by: Address & CollectionRules & { assumed?: Assumed },
  ): Promise<{ readonly link: Verdict; readonly manifest: Verdict }>
  /** Bytes of a blob that go with the last of its links; 0 where something else holds it. */
  freedBytes(by: BlobAssumed & { digest: Digest }): Promise<number>
  /** What a manifest keeps. */
  listReferences(by: Address): Promise<Digest[]>
  /** What a deletion that can be taken back keeps. */
  listTrashedReferences(page: Page<string> & { id: string }): Promise<Address[]>
  /** Uploads without activity for `age` milliseconds. */
  countStaleUploads(by: { age: number }): Promise<number>
}

export interface DoomedObject {
  readonly objectKey: string
  /** Bytes; undefined: only storage knows. */
  readonly size: number | undefined
}

export interface RemembersTags {
  /** The moves of a tag, the latest first. */
  listTagMoves(by: InRepository & { tag: Tag; limit: number }): Promise<TagMovement[]>
  /** What the tag pointed at then (milliseconds since 1970); null: it was deleted; undefined: it was not there yet. */
  findTagAt(by: InRepository & { tag: Tag; at: number }): Promise<Digest | null | undefined>
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
  /** Tags of one manifest, in no order. */
  listTagsOf(by: Address & { limit: number }): Promise<TagPlace[]>
  /** Which of these the repository has manifests of. */
  listPresent(by: InRepository & { digests: readonly Digest[] }): Promise<Digest[]>
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

export interface KeepsTrash {
  /** Deletions that can be taken back, by time; of one repository, or of all. */
  listTrash(by: { repository?: RepositoryName; after?: string; limit: number }): Promise<TrashEntry[]>
  /** Deletions older than `age` milliseconds. */
  listExpiredTrash(by: { age: number; limit: number }): Promise<string[]>
}

export interface TrashEntry extends InRepository {
  readonly id: string
  readonly kind: TrashKind
  /** The tag or the manifest's digest; empty for a repository. */
  readonly name: string
  /** Milliseconds since 1970. */
  readonly deletedAt: number
  readonly caller: string
  readonly manifests: number
  readonly tags: readonly Tag[]
}

export interface KeepsState {
  /** What `setState` put on record. */
  getState(key: string): Promise<string | undefined>
}

/** How far the journal of an embedded database is. */
export interface JournalState {
  /** Changed rows that are not durably in it yet. */
  readonly waiting: number
  /** What was committed before then is durably in it. Milliseconds since 1970. */
  readonly completeAt: number
  /** Why it can't be written; undefined: it can. */
  readonly failure: string | undefined
}

export interface HasLifetime {
  /** Throws when the database does not answer. */
  check(): Promise<void>
  close(): Promise<void>
}
