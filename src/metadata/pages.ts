import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'

export interface InRepository {
  readonly repository: RepositoryName
}

export interface Address extends InRepository {
  readonly digest: Digest
}

/** At most `limit` entries after `after`, exclusive, in bytewise order. */
export interface Page<T extends string> {
  readonly after?: T | ''
  readonly limit: number
}
