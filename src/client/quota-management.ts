import type { Page, Paged } from './pages.ts'

/** What namespaces may hold. Sizes are bytes. */
export interface ManagesQuotas {
  listQuotas(page: Page): Promise<Paged & { readonly quotas: readonly Quota[] }>
  showQuota(of: { namespace: string }): Promise<Quota>
  setQuota(change: QuotaChange): Promise<Quota>
}

export interface Quota {
  readonly namespace: string
  readonly bytes: LimitedUse & {
    /** What open uploads have reserved. */
    readonly reserved: number
    /** The part of what is used that only the trash holds. */
    readonly trash: number
  }
  readonly repositories: LimitedUse
}

export interface LimitedUse {
  readonly used: number
  /** Null: there is none. */
  readonly limit: number | null
  /** Whether it was set for this namespace; else it is what the settings say. */
  readonly set: boolean
}

export type NewLimit = number | 'unlimited' | 'default'

export interface QuotaChange {
  readonly namespace: string
  /** Undefined: as it is. */
  readonly bytes?: NewLimit | undefined
  readonly repositories?: NewLimit | undefined
}
