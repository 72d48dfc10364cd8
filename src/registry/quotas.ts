import type { DefaultLimits } from '../metadata/changes/usage/limits.ts'
import type { StoredUsage } from '../metadata/metadata-store.ts'
import { requireWritable } from './read-only.ts'
import type { ManagedRegistry } from './registry.ts'

/** What a namespace may hold, and what it does. Sizes are bytes. */
export interface Quota {
  readonly namespace: string
  readonly bytes: Limited & {
    /** What open uploads have reserved. */
    readonly reserved: number
    /** The part of what is used that only the trash holds. */
    readonly trash: number
  }
  readonly repositories: Limited
}

export interface Limited {
  readonly used: number
  /** Null: there is none. */
  readonly limit: number | null
  /** Whether it was set for this namespace; else it is what the settings say. */
  readonly set: boolean
}

/** Of a namespace that holds nothing yet: zeros, and what it may hold. */
export async function showQuota(
  registry: Pick<ManagedRegistry, 'metadata' | 'rules'>,
  { namespace }: { namespace: string },
): Promise<Quota> {
  return quotaOf(await registry.metadata.findUsage({ namespace }), registry.rules.quota)
}

/** Of all namespaces that hold something, or for which a limit was set. */
export async function listQuotas(
  registry: Pick<ManagedRegistry, 'metadata' | 'rules'>,
  page: { after: string; limit: number },
): Promise<{ quotas: Quota[]; next: string | null }> {
  const found = await registry.metadata.listUsage(page)
  return {
    quotas: found.map((usage) => quotaOf(usage, registry.rules.quota)),
    next: found.length === page.limit ? (found.at(-1)?.namespace ?? null) : null,
  }
}

/** A number, or a word for where there is none. */
export type NewLimit = number | 'unlimited' | 'default'

export interface QuotaChange {
  readonly namespace: string
  /** Undefined: as it is. */
  readonly bytes?: NewLimit | undefined
  readonly repositories?: NewLimit | undefined
}

/** Below what is used already it may be, too: then nothing new fits. @throws READ_ONLY */
export async function setQuota(
  registry: ManagedRegistry,
  { namespace, bytes, repositories }: QuotaChange,
): Promise<Quota> {
  await requireWritable(registry)
  await registry.metadata.change('setQuota', {
    namespace,
    ...(bytes === undefined ? {} : { bytes: stored(bytes) }),
    ...(repositories === undefined ? {} : { repositories: stored(repositories) }),
  })
  return showQuota(registry, { namespace })
}

function stored(limit: NewLimit): number | null {
  if (limit === 'default') return null
  return limit === 'unlimited' ? -1 : limit
}

function quotaOf(
  { namespace, set, ...used }: StoredUsage,
  defaults: DefaultLimits = { bytes: null, repositories: null },
): Quota {
  const limited = (kind: 'bytes' | 'repositories') => ({
    used: used[kind],
    limit: set[kind] === undefined ? defaults[kind] : set[kind],
    set: set[kind] !== undefined,
  })
  const { reserved, trash } = used
  return {
    namespace,
    bytes: { ...limited('bytes'), reserved, trash },
    repositories: limited('repositories'),
  }
}
