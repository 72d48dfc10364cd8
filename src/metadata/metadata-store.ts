import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { AccountsStore } from './accounts-store.ts'
import type { ReadsAudit } from './audit-store.ts'
import type { Attribution } from './changes/attribution.ts'
import type { ChangeArguments, ChangeName, ChangeResult } from './changes/changes.ts'
import type { Assumed, BlobAssumed } from './holders.ts'
import type { NotificationsStore } from './notifications-store.ts'
import type {
  FindsTags,
  KeepsTrash,
  ListsTagAges,
  RemembersTags,
  SumsRepositories,
} from './operator-store.ts'
import type { Address, InRepository, Page } from './pages.ts'
import type { TellsUsage } from './quota-store.ts'
import type { CollectorRunRow } from './schema.ts'
import type { CollectionRules, Verdict } from './verdicts.ts'

export type * from './accounts-store.ts'
export type * from './audit-store.ts'
export type * from './notifications-store.ts'
export type * from './operator-store.ts'
export type * from './pages.ts'
export type * from './quota-store.ts'

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
    FindsDamage,
    CollectsGarbage,
    ForeseesCollection,
    RemembersTags,
    ListsTagAges,
    FindsTags,
    SumsRepositories,
    KeepsTrash,
    AccountsStore,
    ReadsAudit,
    NotificationsStore,
    KeepsState,
    TellsUsage,
    TellsTurns,
    HasLifetime {}

/** Changes are transactions: done and durable when the promise resolves, or not at all. */
export interface ChangesMetadata {
  /** @param by who does it; the server itself unless given */
  change<N extends ChangeName>(name: N, args: ChangeArguments<N>, by?: Attribution): Promise<ChangeResult<N>>
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
  /** Its bytes are not those of its digest any more: it can't be served until a push brings it again. */
  readonly damaged: boolean
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
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly damaged: boolean
}

/** What verification asks beside the lists of what there is. */
export interface FindsDamage {
  /** The object that holds the digest, whichever repositories link it. */
  findStored(by: { digest: Digest }): Promise<KnownBlob | undefined>
  /** Blobs that one repository holds, by digest. */
  listLinkedBlobs(page: InRepository & Page<string>): Promise<KnownBlob[]>
  /** Those of the objects that hold a blob. */
  objectsOfBlobs(objectKeys: readonly string[]): Promise<ReadonlySet<string>>
  /** What a manifest refers to, other than as its subject, and its repository does not hold. */
  listAbsent(by: Address): Promise<Digest[]>
  /** Manifests of the repository that refer to the digest other than as their subject. */
  listUsersOf(by: Address & { limit: number }): Promise<Digest[]>
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
  /** Manifests that lie in a deletion that can be taken back. */
  listTrashedManifests(page: Page<string> & { id: string }): Promise<Address[]>
  /** Uploads without activity for `age` milliseconds. */
  countStaleUploads(by: { age: number }): Promise<number>
}

export interface DoomedObject {
  readonly objectKey: string
  /** Bytes; undefined: only storage knows. */
  readonly size: number | undefined
  /** It may never have been made to the end. */
  readonly neverRead: boolean
}

export interface KeepsState {
  /** What `setState` put on record. */
  getState(key: string): Promise<string | undefined>
}

/** Who runs what one process runs for all that share the database. */
export interface TellsTurns {
  /** Whether `takeTurn` would give a turn now: a look that changes nothing. */
  isTurnFree(by: { job: string; interval: number; ahead?: number }): Promise<boolean>
  /** Times are milliseconds since 1970. */
  findJob(by: { job: string }): Promise<JobState | undefined>
}

export interface JobState {
  /** Which process has the turn, or had the last one. */
  readonly runner: string | undefined
  readonly running: boolean
  readonly endedAt: number | undefined
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
