import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import type { TrashKind } from '../schema.ts'
import { statement } from '../statement.ts'
import { bringFromTrash } from './bring.ts'
import { lockTrashedTags } from './lock-tags.ts'
import { requireFreeTags, restoreTags } from './restored-tags.ts'
import { letGo } from './trash.ts'
import type { Counted } from './usage/ledger.ts'
import type { DefaultLimits } from './usage/limits.ts'
import { withdrawRepository } from './withdraw-rights.ts'

export interface Restoration {
  id: string
  /** Where to; null: where it was. */
  repository: RepositoryName | null
  /** The one tag to give what comes back; null: the tags that it had. */
  tag: Tag | null
  caller: string
  immutable: readonly string[]
  grace: number
  /** Manifests or tags to bring back in one transaction. */
  limit: number
  quota?: DefaultLimits
}

export interface RestoredSlice {
  readonly repository: RepositoryName
  readonly manifests: number
  readonly tags: readonly Tag[]
  /** Tags of a repository that were set to something else while it was being restored: they stay as they are. */
  readonly skipped: readonly Tag[]
  /** Manifests that a restored index lists, and that are gone for good. */
  readonly missing: readonly Digest[]
  readonly more: boolean
}

/**
 * Takes a slice of a deletion back: manifests first, then tags, and what was unlinked meanwhile is linked again.
 * @throws TRASH_UNKNOWN; TAG_TAKEN and REPOSITORY_TAKEN where the old name stands for something else by now;
 * MANIFEST_UNKNOWN for a tag whose manifest is gone for good; TAG_INVALID for a tag that a repository can't be given
 */
export async function restoreTrash(tx: Counted, args: Restoration): Promise<RestoredSlice> {
  const trash = await tx.first(lockTrash, args)
  if (!trash) {
    throw new RegistryError(
      'TRASH_UNKNOWN',
      'nothing of this id is in the trash: it was restored, emptied, or never there; `berth trash list` shows what is',
      { detail: { id: args.id } },
    )
  }
  const goesOn = trash.kind === 'repository' && trash.name !== ''
  const repository = goesOn ? (trash.name as RepositoryName) : (args.repository ?? trash.repository)
  await lockTrashedTags(tx, { ...args, repository })
  if (goesOn) requireSameTarget(args, repository)
  else await requireFreeNames(tx, { ...args, ...trash, from: trash.repository, repository })
  const missing: Digest[] = []
  let count = 0
  while (count < args.limit) {
    // With its children back an index is among the next.
    const manifests = await tx.all(nextManifests, { id: args.id, limit: args.limit - count })
    if (manifests.length === 0) break
    for (const { digest } of manifests) {
      const { id, grace } = args
      missing.push(
        ...(await bringFromTrash(tx, { trash: id, digest, repository, from: trash.repository, grace })),
      )
      for (const reference of await tx.all(forgetReferencesOf, { id, digest }))
        letGo(tx, trash.repository, reference)
      await tx.run(forgetManifest, { id, digest })
      tx.ledger.trashed(trash.repository, digest, { count: -1 })
    }
    count += manifests.length
  }
  const slice = { repository, manifests: count, tags: [], skipped: [], missing, more: true }
  if (count === args.limit) {
    await tx.run(markStarted, { ...args, repository })
    return slice
  }
  const tags = await restoreTags(tx, { ...args, repository, from: trash.repository, lenient: goesOn })
  if (tags.more) await tx.run(markStarted, { ...args, repository })
  else await forget(tx, { id: args.id, repository: trash.repository })
  return { ...slice, ...tags }
}

interface Names extends Restoration {
  kind: TrashKind
  from: RepositoryName
  repository: RepositoryName
}

async function requireFreeNames(tx: Transaction, args: Names): Promise<void> {
  const { kind, repository, from, id } = args
  if (kind === 'repository') {
    if (args.tag !== null)
      throw new RegistryError(
        'TAG_INVALID',
        'a repository is restored with the tags that it had: name no tag',
        {
          detail: { tag: args.tag },
        },
      )
    // What is left of a repository whose deletion was interrupted is no new content under its name.
    const taken = repository === from ? pushedSince : anyManifest
    if (await tx.first(taken, { id, repository })) {
      throw new RegistryError(
        'REPOSITORY_TAKEN',
        `${repository} holds other images by now: name another repository to restore to`,
        { detail: { repository } },
      )
    }
  }
  await requireFreeTags(tx, args)
}

/** Half of a repository here and half there helps nobody. */
function requireSameTarget(args: Restoration, repository: RepositoryName): void {
  if (args.repository === null || args.repository === repository) return
  throw new RegistryError(
    'REPOSITORY_TAKEN',
    `a part of it has been restored to ${repository} already: the rest goes there too; name no other repository`,
    { detail: { repository } },
  )
}

async function forget(tx: Counted, trash: { id: string; repository: RepositoryName }): Promise<void> {
  for (const reference of await tx.all(forgetReferences, trash)) letGo(tx, trash.repository, reference)
  await tx.run(forgetTags, trash)
  await tx.run(forgetTrash, trash)
  // Under another name it is another repository.
  await withdrawRepository(tx, trash)
}

/** A deletion that is being emptied can't be taken back any more. */
const lockTrash = statement<{ id: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('trash')
    .select(['repository', 'kind', 'name'])
    .where('id', '=', arg('id'))
    .where('deleted_at', '>', 0)
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

/** A repository that is being restored remembers where to: what follows after a crash goes there too. */
const markStarted = statement<{ id: string; repository: RepositoryName }>()(({ db, arg }) =>
  db
    .updateTable('trash')
    .set({ name: arg('repository') })
    .where('id', '=', arg('id'))
    .where('kind', '=', 'repository'),
)

const anyManifest = statement<{ id: string; repository: RepositoryName }>()(({ db, arg }) =>
  db.selectFrom('manifests').select('digest').where('repository', '=', arg('repository')).limit(1),
)

const pushedSince = statement<{ id: string; repository: RepositoryName }>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('pushed_at', '>=', (eb) => eb.selectFrom('trash').select('deleted_at').where('id', '=', arg('id')))
    .limit(1),
)

/** Children before their indexes: what is back after a slice is whole. */
const nextManifests = statement<{ id: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .select('digest')
    .where('trash', '=', arg('id'))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('trashed_references as reference')
            .innerJoin('trashed_manifests as child', (join) =>
              join
                .onRef('child.trash', '=', 'reference.trash')
                .onRef('child.digest', '=', 'reference.digest'),
            )
            .select('child.digest')
            .whereRef('reference.trash', '=', 'trashed_manifests.trash')
            .whereRef('reference.manifest', '=', 'trashed_manifests.digest')
            .where('reference.role', '=', 'child'),
        ),
      ),
    )
    .orderBy('digest')
    .limit(arg('limit')),
)

/** The tags of the manifest are still to come, and hold it until then. */
const forgetReferencesOf = statement<{ id: string; digest: Digest }>()(({ db, arg }) =>
  db
    .deleteFrom('trashed_references')
    .where('trash', '=', arg('id'))
    .where('manifest', '=', arg('digest'))
    .where('role', '!=', 'tag')
    .returning(['digest', 'role', 'held']),
)

const forgetManifest = statement<{ id: string; digest: Digest }>()(({ db, arg }) =>
  db.deleteFrom('trashed_manifests').where('trash', '=', arg('id')).where('digest', '=', arg('digest')),
)

const forgetReferences = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trashed_references').where('trash', '=', arg('id')).returning(['digest', 'role', 'held']),
)

const forgetTags = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trashed_tags').where('trash', '=', arg('id')),
)

const forgetTrash = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trash').where('id', '=', arg('id')),
)
