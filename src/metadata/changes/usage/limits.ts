import type { UsageRow } from '../../quotas-schema.ts'
import type { UsageChange } from './ledger.ts'

/** What a namespace may hold for which nothing was set; null: without limit. */
export interface DefaultLimits {
  readonly bytes: number | null
  readonly repositories: number | null
}

export const noLimits: DefaultLimits = { bytes: null, repositories: null }

export function sumOf(rows: readonly UsageRow[]): Pick<UsageRow, 'bytes' | 'reserved' | 'repositories'> {
  const sum = { bytes: 0, reserved: 0, repositories: 0 }
  for (const { bytes, reserved, repositories } of rows) {
    sum.bytes += bytes
    sum.reserved += reserved
    sum.repositories += repositories
  }
  return sum
}

/** The limits that hold for a namespace; null: none. */
export function limitsOf(
  rows: readonly Pick<UsageRow, 'limit_bytes' | 'limit_repositories'>[],
  defaults: DefaultLimits,
): DefaultLimits {
  const [own] = rows
  const holding = (set: number | null | undefined, standard: number | null) =>
    set === null || set === undefined ? standard : set < 0 ? null : set
  return {
    bytes: holding(own?.limit_bytes, defaults.bytes),
    repositories: holding(own?.limit_repositories, defaults.repositories),
  }
}

/**
 * So much more than the limit may uploads reserve that don't tell what they will be: the configuration of an image that the
 * namespace holds comes so, and must find a way into a full one. Their commit goes by the limit alone. Bytes.
 */
const slack = 4 * 1024 * 1024

export function slackOf({ own, digest }: Pick<UsageChange, 'own' | 'digest'>): number {
  return own > 0 && digest === null ? slack : 0
}
