import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { removeManifest } from './manifests.ts'
import type { TagMove } from './tags.ts'
import { openTrash } from './trash.ts'

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

/** Deletes a slice of a repository's manifests with their tags. @throws TAG_IMMUTABLE */
export async function deleteRepository(tx: Transaction, args: RepositoryDeletion): Promise<DeletedSlice> {
  const { repository, trash, caller, limit } = args
  const manifests = await tx.all(anyManifests, { repository, limit })
  if (manifests.length > 0 && trash !== null)
    await openTrash(tx, { id: trash, repository, kind: 'repository', name: '', caller })
  const tags: Tag[] = []
  for (const { digest } of manifests) tags.push(...(await removeManifest(tx, { ...args, digest })))
  return { manifests: manifests.length, tags: tags.length, more: manifests.length === limit }
}

const anyManifests = statement<{ repository: RepositoryName; limit: number }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    // Indexes before their children: what is left between two slices, or by a crash, is whole.
    .orderBy(({ exists, selectFrom }) =>
      exists(
        selectFrom('manifest_references as user')
          .select('user.manifest')
          .whereRef('user.repository', '=', 'manifests.repository')
          .whereRef('user.digest', '=', 'manifests.digest')
          .where('user.role', '=', 'child'),
      ),
    )
    .orderBy('digest')
    .limit(arg('limit'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)
