import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { ChangeArguments, ChangeName, ChangeResult } from './changes/changes.ts'

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
  /** Objects that no reader knows any more, doomed at least `age` milliseconds ago. */
  listDoomed(by: { age: number; limit: number }): Promise<string[]>
  /** Sums a slice of the blobs in digest order: so that a large table stalls nobody. */
  sumBlobs(slice: { after: string; limit: number }): Promise<BlobSum>
}

export interface StoredBlob {
  readonly digest: Digest
  readonly objectKey: string
  readonly size: number
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

export interface HasLifetime {
  /** Throws when the database does not answer. */
  check(): Promise<void>
  close(): Promise<void>
}
