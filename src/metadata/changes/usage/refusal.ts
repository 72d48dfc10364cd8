import { sql } from 'kysely'
import { RegistryError } from '../../../oci/errors.ts'
import { sizeText } from '../../../oci/size-text.ts'
import type { UsageRow } from '../../quotas-schema.ts'
import { statement } from '../../statement.ts'
import { isHeld } from './held.ts'
import type { Counted, UsageChange } from './ledger.ts'
import { type DefaultLimits, limitsOf, slackOf, sumOf } from './limits.ts'

interface Refused {
  readonly change: UsageChange
  readonly rows: readonly UsageRow[]
  readonly defaults: DefaultLimits
}

/** Whether there is room by these rows. */
export function fits({ change, rows, defaults }: Refused): boolean {
  const { bytes, reserved, repositories } = sumOf(rows)
  const limits = limitsOf(rows, defaults)
  const within = (limit: number | null, used: number, more: number) =>
    limit === null || more <= 0 || used + more <= limit
  return (
    within(limits.bytes, bytes, change.bytes) &&
    within(limits.bytes, bytes + reserved - slackOf(change), change.bytes + change.reserved) &&
    within(limits.repositories, repositories, change.repositories)
  )
}

/**
 * Why a namespace may not take what it is to take. QUOTA_BUSY: only what other uploads have reserved is in the way, and
 * they may yet give it back; or the namespace holds by now what it would be.
 */
export async function refusal(tx: Counted, { change, rows, defaults }: Refused): Promise<RegistryError> {
  const { namespace } = change
  const used = sumOf(rows)
  const limits = limitsOf(rows, defaults)
  if (limits.repositories !== null && change.repositories > 0) {
    if (used.repositories + change.repositories > limits.repositories)
      return tooManyRepositories(namespace, { used: used.repositories, limit: limits.repositories })
  }
  const needed = change.bytes + change.own
  const limit = limits.bytes ?? 0
  const held = change.digest !== null && (await isHeld(tx, { namespace, digest: change.digest }))
  // Another upload of the same may have been committed while this one waited for the row.
  if (used.bytes + needed > limit + slackOf(change) && !held) {
    const trash = (await tx.first(trashedBytes, { namespace }))?.bytes ?? 0
    return tooManyBytes(namespace, { used: used.bytes, needed, limit, trash })
  }
  return new RegistryError(
    'QUOTA_BUSY',
    `the namespace ${namespace} may hold ${sizeText(limit)}, and other uploads that are under way have reserved what is left of it (${sizeText(used.reserved)}): try again when they are done`,
    { detail: { namespace, used: used.bytes, reserved: used.reserved, needed, limit } },
  )
}

interface Bytes {
  readonly used: number
  readonly needed: number
  readonly limit: number
  readonly trash: number
}

/** Docker prints it behind `denied: `. */
function tooManyBytes(namespace: string, { used, needed, limit, trash }: Bytes): RegistryError {
  const inTrash = trash > 0 ? ` (${sizeText(trash)} of it only in the trash)` : ''
  const frees =
    trash > 0
      ? 'empty the trash (berth trash empty), or delete images for good (--purge)'
      : 'delete images for good (--purge)'
  return new RegistryError(
    'QUOTA_EXCEEDED',
    `the quota of the namespace ${namespace} is exceeded: it may hold ${sizeText(limit)}, uses ${sizeText(used)}${inTrash}, and this needs ${sizeText(needed)} more. To make room, ${frees}; an administrator can allow more (berth quota set)`,
    { detail: { namespace, used, needed, limit, trash } },
  )
}

function tooManyRepositories(namespace: string, of: { used: number; limit: number }): RegistryError {
  return new RegistryError(
    'QUOTA_EXCEEDED',
    `the quota of the namespace ${namespace} is exceeded: it may hold ${of.limit} repositories, and has ${of.used}. To make room, delete one that nobody needs (berth repo delete); an administrator can allow more (berth quota set)`,
    { detail: { namespace, repositories: of } },
  )
}

export const trashedBytes = statement<{ namespace: string }>()(({ db, arg }) =>
  db
    .selectFrom('namespace_content')
    .select(({ fn }) => fn.coalesce(fn.sum<number>('size'), sql<number>`0`).as('bytes'))
    .where('namespace', '=', arg('namespace'))
    .where('live', '<=', sql<number>`0`),
)
