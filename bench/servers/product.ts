import type { Instance } from './instance.ts'

/** A registry server to be measured: how it is started, and how it comes by many tags and repositories. */
export interface Product {
  readonly key: string
  /** The heading of its column. */
  readonly name: string
  readonly executable: string
  /** Whether `n` cuts a list of tags; where it does not, the whole list is the answer. */
  readonly pagesTags: boolean
  /** Products with the same layout on disk share one copy of the big listings, which nobody writes to. */
  readonly listingsFolder: string
  start(data: string): Promise<Instance>
  addTags(instance: Instance, tags: Tags): Promise<void>
  addRepositories(instance: Instance, names: readonly string[]): Promise<void>
  /** Takes a blob's bytes off the disk, where the layout is known; measuring needs room. */
  dropBlob?(instance: Instance, digest: string): Promise<void>
}

export interface Tags {
  readonly repository: string
  readonly names: readonly string[]
}
