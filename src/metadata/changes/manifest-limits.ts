import type { Digest } from '../../oci/digest.ts'
import { limitReached } from '../../oci/limit-reached.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import type { LinkAddress } from './links.ts'

/** How much may hang on one manifest. */
export interface ManifestLimits {
  /** Tags that point at it. */
  readonly tags: number
  /** Manifests whose subject it is. */
  readonly referrers: number
  /** Indexes one within the other, it and those around it among them. */
  readonly nesting: number
}

/**
 * Before one more refers to the subject. Counted without a lock: where several are pushed at the same moment on
 * PostgreSQL, each may not see the others, and the limit is passed by as many. One that is pushed again is no more.
 * @throws LIMIT_REACHED
 */
export async function requireRoomForReferrer(
  tx: Transaction,
  { subject, most, ...manifest }: LinkAddress & { subject: Digest; most: number },
): Promise<void> {
  const { repository } = manifest
  const found = await tx.first(countReferrers, { repository, subject, most })
  if (Number(found?.count ?? 0) < most || (await tx.first(anyManifest, manifest))) return
  throw limitReached(
    'LIMIT_REACHED',
    `${most} manifests refer to ${subject} already, and no more may: delete those that nobody needs`,
    { setting: 'limits.referrers', limit: most },
  )
}

/**
 * After tags were pointed at a manifest whose row this transaction has written: whoever else does that waits.
 * @throws LIMIT_REACHED
 */
export async function requireFewTags(
  tx: Transaction,
  { most, ...manifest }: LinkAddress & { most: number },
): Promise<void> {
  const found = await tx.first(countTags, { ...manifest, more: most + 1 })
  if (Number(found?.count ?? 0) <= most) return
  throw limitReached(
    'LIMIT_REACHED',
    `at most ${most} tags may point at one manifest: delete those of ${manifest.digest} that nobody needs`,
    { setting: 'limits.tags', limit: most },
  )
}

type Count = { count: number | string }

const countReferrers = statement<{ repository: RepositoryName; subject: Digest; most: number }>()<Count>(
  ({ db, arg }) =>
    db
      .selectFrom(
        db
          .selectFrom('manifests')
          .select('digest')
          .where('repository', '=', arg('repository'))
          .where('subject', '=', arg('subject'))
          .limit(arg('most'))
          .as('some'),
      )
      .select(({ fn }) => fn.countAll().as('count')) as never,
)

const countTags = statement<LinkAddress & { more: number }>()<Count>(
  ({ db, arg }) =>
    db
      .selectFrom(
        db
          .selectFrom('tags')
          .select('name')
          .where('repository', '=', arg('repository'))
          .where('digest', '=', arg('digest'))
          .limit(arg('more'))
          .as('some'),
      )
      .select(({ fn }) => fn.countAll().as('count')) as never,
)

const anyManifest = statement<LinkAddress>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)
