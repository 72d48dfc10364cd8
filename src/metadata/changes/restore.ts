import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { ReferenceRole } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import type { TrashKind } from '../schema.ts'
import { statement } from '../statement.ts'
import { linkBlob, review } from './links.ts'
import { insertReferences, type Reference } from './references.ts'
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

async function restoreManifest(
  tx: Transaction,
  at: { id: string; repository: RepositoryName; digest: Digest; grace: number },
): Promise<void> {
  const { repository, digest } = at
  await tx.run(upsertRepository, at)
  await tx.run(moveManifest, at)
  const references = (await tx.all(referencesOf, at)).filter(isReference)
  await lockChildren(tx, { repository, references })
  const subject = (await tx.first(subjectOf, at))?.subject
  await insertReferences(tx, {
    repository,
    manifest: digest,
    references: subject ? [...references, { digest: subject, role: 'subject' }] : references,
  })
  for (const { digest: blob } of references) {
    if (await tx.first(anyBlob, { digest: blob }))
      await linkBlob(tx, { repository, digest: blob, grace: at.grace })
  }
  await review(tx, { repository, digest, delay: at.grace })
  await tx.run(deleteManifest, at)
}

/** From now on the collector finds that the index holds them, even where it looked at the trash before. */
async function lockChildren(
  tx: Transaction,
  { repository, references }: { repository: RepositoryName; references: readonly Reference[] },
): Promise<void> {
  const children = references.filter(({ role }) => role === 'child').map(({ digest }) => digest)
  for (const digest of children.sort()) await tx.first(lockManifest, { repository, digest })
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

interface TrashedReference {
  digest: Digest
  role: ReferenceRole | 'tag'
}

function isReference(reference: TrashedReference): reference is TrashedReference & { role: ReferenceRole } {
  return reference.role !== 'tag'
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

const anyBlob = statement<{ digest: Digest }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('blobs')
    .select('digest')
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forKeyShare()),
)

const lockManifest = statement<{ repository: RepositoryName; digest: Digest }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forKeyShare()),
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
    .orderBy('digest')
    .limit(arg('limit')),
)

const trashedTags = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('trashed_tags').select(['tag', 'digest']).where('trash', '=', arg('id')).orderBy('tag'),
)

const deletedDigest = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('trash').select('name').where('id', '=', arg('id')).where('kind', '=', 'manifest'),
)

interface TrashedManifest {
  id: string
  digest: Digest
}

const referencesOf = statement<TrashedManifest>()(({ db, arg }) =>
  db
    .selectFrom('trashed_references')
    .select(['digest', 'role'])
    .where('trash', '=', arg('id'))
    .where('manifest', '=', arg('digest')),
)

const subjectOf = statement<TrashedManifest>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .select('subject')
    .where('trash', '=', arg('id'))
    .where('digest', '=', arg('digest')),
)

const upsertRepository = statement<{ repository: RepositoryName }>()(({ db, arg, now }) =>
  db
    .insertInto('repositories')
    .values({ name: arg('repository'), created_at: now })
    .onConflict((conflict) => conflict.column('name').doNothing()),
)

const moveManifest = statement<TrashedManifest & { repository: RepositoryName }>()(({ db, arg, now }) =>
  db
    .insertInto('manifests')
    .columns([
      'repository',
      'digest',
      'media_type',
      'bytes',
      'subject',
      'artifact_type',
      'content_size',
      'pushed_at',
      'confirmed_at',
    ])
    .expression(
      db
        .selectFrom('trashed_manifests')
        .select((eb) => [
          eb.cast<string>(eb.val(arg('repository')), 'text').as('repository'),
          'digest',
          'media_type',
          'bytes',
          'subject',
          'artifact_type',
          'content_size',
          'pushed_at',
          now.as('confirmed_at'),
        ])
        .where('trash', '=', arg('id'))
        .where('digest', '=', arg('digest')),
    )
    .onConflict((conflict) =>
      conflict.columns(['repository', 'digest']).doUpdateSet({ confirmed_at: now, orphaned_at: null }),
    ),
)

const deleteManifest = statement<TrashedManifest>()(({ db, arg }) =>
  db.deleteFrom('trashed_manifests').where('trash', '=', arg('id')).where('digest', '=', arg('digest')),
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
