import type { DefaultLimits } from './changes/usage/limits.ts'

/** What namespaces use, and what was set for them. */
export interface TellsUsage {
  /** Of a namespace that holds nothing: zeros. */
  findUsage(by: { namespace: string }): Promise<StoredUsage>
  /** By namespace; those that hold something, or for which a limit was set, now or once. */
  listUsage(page: { after?: string; limit: number }): Promise<StoredUsage[]>
  /** Namespaces that use nine tenths of a limit, or all of it; the second are among the first. */
  countNearLimits(defaults: DefaultLimits): Promise<{ readonly near: number; readonly full: number }>
  /** Namespaces whose counts are not those of what they hold: reads all of it. */
  listMiscounted(): Promise<string[]>
}

/** Sizes are bytes. */
export interface StoredUsage {
  readonly namespace: string
  /** Of each digest that it holds, once; trash among them. */
  readonly bytes: number
  /** What open uploads have reserved. */
  readonly reserved: number
  readonly repositories: number
  /** What only the trash holds. */
  readonly trash: number
  /** What was set for it: null: no limit; undefined: as the settings say. */
  readonly set: {
    readonly bytes: number | null | undefined
    readonly repositories: number | null | undefined
  }
}
