import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import type { TrashKind } from '../schema.ts'
import { statement } from '../statement.ts'
import { restoreManifest } from './restore-manifest.ts'
import { putTag } from './tags.ts'

export interface Restoration {
  id: string
  /** Where to; null: where it was. */
  repository: RepositoryName | null
  /** The one tag to give what comes back; null: the tags that it had. */
  tag: Tag | null
  caller: string
  immutable: readonly string[]
  grace: number
  /** Manifests to bring back in one transaction. */
  limit: number
}

export interface RestoredSlice {
  readonly repository: RepositoryName
  readonly manifests: number
  readonly tags: readonly Tag[]
  readonly more: boolean
}

/**
 * Takes a slice of a deletion back: manifests first, then tags, and what was unlinked meanwhile is linked again.
 * @throws TRASH_UNKNOWN; TAG_TAKEN and REPOSITORY_TAKEN where the old name stands for something else by now;
 * MANIFEST_UNKNOWN for a tag whose manifest was deleted after it
 */
export async function restoreTrash(tx: Transaction, args: Restoration): Promise<RestoredSlice> {
  const trash = await tx.first(lockTrash, args)
  if (!trash) {
    throw new RegistryError(
      'TRASH_UNKNOWN',
      'nothing of this id is in the trash: it was restored, emptied, or never there; `berth trash list` shows what is',
      { detail: { id: args.id } },
    )
  }
  const repository = args.repository ?? trash.repository
  await requireNames(tx, args, { ...trash, repository })
  const manifests = await tx.all(trashedManifests, args)
  for (const { digest } of manifests) await restoreManifest(tx, { ...args, repository, digest })
  if (manifests.length === args.limit) {
    await tx.run(markStarted, args)
    return { repository, manifests: manifests.length, tags: [], more: true }
  }
  const tags = await restoreTags(tx, args, repository)
  await tx.run(deleteReferences, args)
  await tx.run(deleteTags, args)
  await tx.run(deleteTrash, args)
  return { repository, manifests: manifests.length, tags, more: false }
}

interface Names {
  repository: RepositoryName
  kind: TrashKind
  name: string
}

async function requireNames(tx: Transaction, args: Restoration, trash: Names): Promise<void> {
  const { repository, kind, name } = trash
  if (kind === 'repository') {
    if (name === started || !(await tx.first(anyManifest, { repository }))) return
    throw new RegistryError(
      'REPOSITORY_TAKEN',
      `${repository} holds images again: name another repository to restore to`,
      { detail: { repository } },
    )
  }
  for (const { tag, digest } of await wantedTags(tx, args)) {
    const now = await tx.first(tagDigest, { repository, tag })
    if (!now || now.digest === digest) continue
    throw new RegistryError(
      'TAG_TAKEN',
      `the tag ${tag} of ${repository} points at something else by now: name another tag to restore to`,
      { detail: { repository, tag, digest: now.digest } },
    )
  }
}

async function restoreTags(
  tx: Transaction,
  args: Restoration,
  repository: RepositoryName,
): Promise<readonly Tag[]> {
  const tags = await wantedTags(tx, args)
  for (const { tag, digest } of tags) {
    const { caller, immutable } = args
    if (await putTag(tx, { repository, tag, digest, caller, immutable })) continue
    throw new RegistryError(
      'MANIFEST_UNKNOWN',
      `the manifest of the tag ${tag} was deleted as well: restore that first`,
      { detail: { tag, digest } },
    )
  }
  return tags.map(({ tag }) => tag)
}

/** Under a name of the caller's choice there is one tag, of the manifest that was deleted. */
async function wantedTags(tx: Transaction, args: Restoration): Promise<{ tag: Tag; digest: Digest }[]> {
  const tags = await tx.all(trashedTags, args)
  if (args.tag === null) return tags
  const digest = tags[0]?.digest ?? (await tx.first(deletedDigest, args))?.name
  return digest ? [{ tag: args.tag, digest: digest as Digest }] : []
}

/** Stands for the name of a repository that is being restored: a crash in between must not refuse the rest. */
const started = 'restoring'

const lockTrash = statement<{ id: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('trash')
    .select(['repository', 'kind', 'name'])
    .where('id', '=', arg('id'))
    .where('deleted_at', '>', 0)
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const markStarted = statement<{ id: string }>()(({ db, arg }) =>
  db.updateTable('trash').set({ name: started }).where('id', '=', arg('id')).where('kind', '=', 'repository'),
)

const anyManifest = statement<{ repository: RepositoryName }>()(({ db, arg }) =>
  db.selectFrom('manifests').select('digest').where('repository', '=', arg('repository')).limit(1),
)

const tagDigest = statement<{ repository: RepositoryName; tag: Tag }>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('name', '=', arg('tag')),
)

const trashedManifests = statement<{ id: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .select('digest')
    .where('trash', '=', arg('id'))
    // Children before their indexes: what is back after a slice is whole.
    .orderBy(
      ({ exists, selectFrom }) =>
        exists(
          selectFrom('trashed_references as user')
            .select('user.manifest')
            .whereRef('user.trash', '=', 'trashed_manifests.trash')
            .whereRef('user.digest', '=', 'trashed_manifests.digest')
            .where('user.role', '=', 'child'),
        ),
      'desc',
    )
    .orderBy('digest')
    .limit(arg('limit')),
)

const trashedTags = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('trashed_tags').select(['tag', 'digest']).where('trash', '=', arg('id')).orderBy('tag'),
)

const deletedDigest = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('trash').select('name').where('id', '=', arg('id')).where('kind', '=', 'manifest'),
)

const deleteReferences = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trashed_references').where('trash', '=', arg('id')),
)

const deleteTags = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trashed_tags').where('trash', '=', arg('id')),
)

const deleteTrash = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trash').where('id', '=', arg('id')),
)
