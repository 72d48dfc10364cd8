import { sql } from 'kysely'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { removeManifest } from './manifests.ts'
import { type TagMove, tagImmutable } from './tags.ts'
import { openTrash } from './trash.ts'
import type { Counted } from './usage/ledger.ts'
import { withdrawRepository } from './withdraw-rights.ts'

export interface RepositoryDeletion extends TagMove {
  repository: RepositoryName
  /** The same for every slice of a deletion, so that it can be taken back as one; null: for good. */
  trash: string | null
  /** Manifests to delete in one transaction. */
  limit: number
}

export interface DeletedSlice {
  readonly manifests: number
  readonly tags: number
  /** Whether manifests are left. */
  readonly more: boolean
}

/**
 * Deletes a slice of a repository's manifests with their tags.
 * @throws TAG_IMMUTABLE before the first slice goes, if the repository has such a tag
 */
export async function deleteRepository(tx: Counted, args: RepositoryDeletion): Promise<DeletedSlice> {
  const { repository, trash, caller, limit } = args
  await requireNoImmutable(tx, args)
  const tags: Tag[] = []
  let count = 0
  while (count < limit) {
    // Without its index a child stands alone: it is among the next.
    const manifests = await tx.all(topManifests, { repository, limit: limit - count })
    if (manifests.length === 0) break
    if (trash !== null) await openTrash(tx, { id: trash, repository, kind: 'repository', name: '', caller })
    for (const { digest } of manifests) tags.push(...(await removeManifest(tx, { ...args, digest })))
    count += manifests.length
  }
  const more = count === limit && (await tx.all(topManifests, { repository, limit: 1 })).length > 0
  // Whatever is pushed there later, or comes back, was not meant to be public.
  if (!more) {
    await tx.run(hideRepository, { repository })
    await withdrawRepository(tx, { repository })
  }
  return { manifests: count, tags: tags.length, more }
}

/** The tag may be one of a later slice; what is deleted by then would be gone in vain. */
async function requireNoImmutable(tx: Transaction, { repository, immutable }: RepositoryDeletion) {
  for (const glob of immutable) {
    const pattern = tx.dialect === 'sqlite' ? glob : likePattern(glob)
    const tag = (await tx.first(tagLike, { repository, pattern }))?.name
    if (tag) throw tagImmutable(tag, 'delete')
  }
}

/** `v*` → `v%` */
function likePattern(glob: string): string {
  return glob
    .replaceAll(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_')
}

const hideRepository = statement<{ repository: RepositoryName }>()(({ db, arg }) =>
  db
    .updateTable('repositories')
    .set({ visibility: 'private' })
    .where('name', '=', arg('repository'))
    .where('visibility', '=', 'public'),
)

const tagLike = statement<{ repository: RepositoryName; pattern: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('tags')
    .select('name')
    .where('repository', '=', arg('repository'))
    .where(sql<boolean>`name ${sql.raw(dialect === 'sqlite' ? 'glob' : 'like')} ${arg('pattern')}`)
    .limit(1),
)

const topManifests = statement<{ repository: RepositoryName; limit: number }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    // Indexes before their children: what is left between two slices, or by a crash, is whole.
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('manifest_references as user')
            .select('user.manifest')
            .whereRef('user.repository', '=', 'manifests.repository')
            .whereRef('user.digest', '=', 'manifests.digest')
            .where('user.role', '=', 'child'),
        ),
      ),
    )
    .orderBy('digest')
    .limit(arg('limit'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)
