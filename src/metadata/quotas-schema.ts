import type { Digest } from '../oci/digest.ts'

export interface QuotasSchema {
  namespace_content: NamespaceContentRow
  usage: UsageRow
  quotas: QuotaRow
}

/** A namespace holds this digest, once however many of its repositories do. */
export interface NamespaceContentRow {
  namespace: string
  digest: Digest
  size: number
  /** Links and manifests that hold it. Without any, it lies in the trash alone. */
  live: number
  /** What lies in the trash and holds it. */
  trashed: number
}

/**
 * What a namespace uses: the sum of its stripes. Where no limit is set, each push adds to one of several, so that none
 * waits for another; where one is set, all go by stripe 0, and the others stand still.
 */
export interface UsageRow {
  namespace: string
  stripe: number
  /** Of all digests that it holds. */
  bytes: number
  /** What open uploads have brought, or announced. */
  reserved: number
  /** Those that hold a manifest. */
  repositories: number
  /** As in `quotas`, so that one look at the row decides. */
  limit_bytes: number | null
  limit_repositories: number | null
}

/** What was set for a namespace. Null: as the settings say; -1: no limit. */
export interface QuotaRow {
  namespace: string
  bytes: number | null
  repositories: number | null
}
