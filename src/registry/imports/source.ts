import type { OpenedFile } from '../../blobs/blob-store.ts'
import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'

/** Content that lies on this machine as another program keeps it; it is only read. */
export interface ImportSource {
  /** Its repositories, one after the other, so that none of the lists is ever whole in memory. */
  repositories(): AsyncIterable<SourceRepository>
}

export interface SourceRepository {
  readonly name: RepositoryName
  tags(): AsyncIterable<SourceTag>
  /** Every manifest, at least those that no index lists; tagged ones too. */
  manifests(): AsyncIterable<Digest>
  /** Undefined: the repository does not hold it. @throws SourceError where it should be there and can't be read */
  openManifest(digest: Digest): Promise<SourceFile | undefined>
  /** Undefined: the repository does not hold it. @throws SourceError where it should be there and can't be read */
  openBlob(digest: Digest): Promise<SourceFile | undefined>
}

export interface SourceTag {
  readonly tag: Tag
  readonly digest: Digest
}

/** A file of the source; whoever opened it closes it. */
export interface SourceFile extends OpenedFile {
  /** Bytes. */
  readonly size: number
}

/** What a source says of itself while it is read. */
export interface SourceNotes {
  /** Something that belongs to a repository and can't come over. */
  skip(finding: Finding): void
  /** Something that is none of the source's own content. */
  ignore(path: string, reason: string): void
}

export interface Finding {
  readonly repository: string
  /** What it is about: `tag v1`, a digest, a path. */
  readonly subject: string
  readonly reason: string
}

/** Something of the source can't be read, or is not what it should be: the message says what. */
export class SourceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SourceError'
  }
}
