import { sql } from 'kysely'
import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { perLength, places, statement } from '../statement.ts'

/**
 * Whoever moves a tag changes the manifest that it comes to and the one that it leaves: of two that move tags between the
 * same two, one must not wait for the other in a circle. So, before anything else, each takes its turn at the tags, by
 * their names, after which nobody else moves them; then the manifests, by their digests.
 *
 * Whoever deletes a manifest with its tags has locked it, and takes no turn: a mover that waits for it finds the tags gone.
 */
export async function lockTags(tx: Transaction, move: TagTurns): Promise<void> {
  if (tx.dialect !== 'postgres' || move.tags.length === 0) return
  for (const tag of inOrder(move.tags)) await tx.first(takeTurn, { repository: move.repository, tag })
  // A later statement: it sees where the turns before have moved them.
  await tx.all(lockManifests(move.tags.length), move)
}

export interface TagTurns {
  repository: RepositoryName
  /** The manifest that they come to; null: none. */
  digest: Digest | null
  tags: readonly Tag[]
}

/** The same for tags that come back from the trash, as many as one transaction brings, or under the one new name. */
export async function lockTrashedTags(
  tx: Transaction,
  restoration: { id: string; repository: RepositoryName; tag: Tag | null; limit: number },
): Promise<void> {
  if (tx.dialect !== 'postgres') return
  const { repository, tag: renamed } = restoration
  const rows = renamed === null ? await tx.all(trashedTags, restoration) : [{ tag: renamed }]
  for (const { tag } of rows) await tx.first(takeTurn, { repository, tag })
  await tx.all(lockTrashedManifests, restoration)
}

/** As the database orders names too. */
export function inOrder(tags: readonly Tag[]): Tag[] {
  return [...tags].sort()
}

/** A tag that is not there yet has no row that could be locked. */
const takeTurn = statement<{ repository: RepositoryName; tag: Tag }>()(({ db, arg }) =>
  db.selectNoFrom(
    sql`pg_advisory_xact_lock(hashtextextended(cast(${arg('repository')} as text) || ':' || cast(${arg('tag')} as text), 0))`.as(
      'turn',
    ),
  ),
)

const lockManifests = perLength((length) =>
  statement<TagTurns>()(({ db, arg }) =>
    db
      .selectFrom('manifests')
      .select('digest')
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', (eb) =>
        eb
          .selectFrom('tags')
          .select('digest')
          .where('repository', '=', arg('repository'))
          .where('name', 'in', places(arg('tags'), length))
          .unionAll(db.selectNoFrom(sql<Digest>`cast(${arg('digest')} as text)`.as('digest'))),
      )
      .orderBy('digest')
      .forNoKeyUpdate(),
  ),
)

const trashedTags = statement<{ id: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_tags')
    .select('tag')
    .where('trash', '=', arg('id'))
    .orderBy('tag')
    .limit(arg('limit')),
)

/** What the tags pointed at, where it is there; of a deleted manifest that itself. */
const lockTrashedManifests = statement<{ id: string; repository: RepositoryName; limit: number }>()(
  ({ db, arg }) =>
    db
      .selectFrom('manifests')
      .select('digest')
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', (eb) =>
        eb
          .selectFrom(
            eb
              .selectFrom('trashed_tags')
              .select('digest')
              .where('trash', '=', arg('id'))
              .orderBy('tag')
              .limit(arg('limit'))
              .as('slice'),
          )
          .select('slice.digest')
          .unionAll(
            eb
              .selectFrom('trash')
              .select(sql<Digest>`name`.as('digest'))
              .where('id', '=', arg('id'))
              .where('kind', '=', 'manifest'),
          ),
      )
      .orderBy('digest')
      .forNoKeyUpdate(),
)
