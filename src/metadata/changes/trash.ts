import { sql } from 'kysely'
import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import type { TrashedReferenceRow, TrashKind } from '../schema.ts'
import { statement } from '../statement.ts'
import { type LinkAddress, review } from './links.ts'
import { reviewReferrers } from './orphans.ts'
import type { Counted } from './usage/ledger.ts'
import { withdrawRepository } from './withdraw-rights.ts'

export interface NewTrash {
  /** A new name for this deletion. */
  id: string
  repository: RepositoryName
  kind: TrashKind
  /** The tag or the digest; empty for a repository. */
  name: string
  caller: string
}

/** Begins a deletion that can be taken back; a second call for the same one changes nothing. */
export async function openTrash(tx: Transaction, trash: NewTrash): Promise<void> {
  await tx.run(insertTrash, trash)
}

export interface TrashedTag extends LinkAddress {
  trash: string
  tag: Tag
}

/** Keeps a tag's name and what it pointed at; the caller removes the tag. */
export async function trashTag(tx: Transaction, tag: TrashedTag): Promise<void> {
  await tx.run(insertTag, tag)
  await tx.run(insertTagReference, tag)
}

/** Keeps a manifest and all that it refers to; the caller removes the manifest. */
export async function trashManifest(tx: Counted, trashed: LinkAddress & { trash: string }): Promise<void> {
  const { repository, digest } = trashed
  const copied = await tx.first(copyManifest, trashed)
  if (copied) tx.ledger.trashed(repository, digest, { count: 1, size: copied.size })
  for (const reference of await tx.all(copyReferences, trashed))
    if (reference.held === 1) tx.ledger.trashed(repository, reference.digest, { count: 1 })
}

export interface TrashSlice {
  id: string
  /** Rows to work through in one transaction. */
  limit: number
}

/**
 * Forgets a slice of a deletion for good: what it kept alive is looked at by the collector. From the first slice on
 * the deletion can't be taken back, for only a part would come; what an interruption leaves, the collector forgets.
 * @returns whether more is left
 */
export async function emptyTrash(tx: Counted, slice: TrashSlice): Promise<boolean> {
  const trash = await tx.first(lockTrash, slice)
  if (!trash) return false
  // Half of what was deleted must not come back.
  await tx.run(markEmptying, slice)
  const { repository } = trash
  const references = await tx.all(referencesOf, slice)
  for (const reference of references) {
    const { digest } = reference
    await tx.run(deleteReference, { id: slice.id, ...reference })
    letGo(tx, repository, reference)
    await review(tx, { repository, digest, delay: 0 })
  }
  const left = slice.limit - references.length
  if (left === 0) return true
  const manifests = await tx.all(manifestsOf, { id: slice.id, limit: left })
  for (const { digest } of manifests) {
    await tx.run(deleteManifestOf, { id: slice.id, digest })
    tx.ledger.trashed(repository, digest, { count: -1 })
    await reviewReferrers(tx, { repository, digest })
  }
  if (manifests.length === left) return true
  await tx.run(deleteTags, slice)
  await tx.run(deleteTrash, slice)
  if (trash.kind === 'repository') await withdrawRepository(tx, { repository })
  return false
}

/** What the trash kept of a repository, and keeps no more. A tag is of a manifest, which counts by itself. */
export function letGo(
  tx: Counted,
  repository: RepositoryName,
  { digest, role, held }: Pick<TrashedReferenceRow, 'digest' | 'role' | 'held'>,
): void {
  if (held === 1 && role !== 'tag') tx.ledger.trashed(repository, digest, { count: -1 })
}

const insertTrash = statement<NewTrash>()(({ db, arg, now }) =>
  db
    .insertInto('trash')
    .values({
      id: arg('id'),
      repository: arg('repository'),
      kind: arg('kind'),
      name: arg('name'),
      deleted_at: now,
      caller: arg('caller'),
    })
    .onConflict((conflict) => conflict.column('id').doNothing()),
)

const insertTag = statement<TrashedTag>()(({ db, arg }) =>
  db
    .insertInto('trashed_tags')
    .values({ trash: arg('trash'), tag: arg('tag'), digest: arg('digest') })
    // Set again while its repository was being deleted slice by slice: the later one counts.
    .onConflict((conflict) => conflict.columns(['trash', 'tag']).doUpdateSet({ digest: arg('digest') })),
)

const insertTagReference = statement<TrashedTag>()(({ db, arg }) =>
  db
    .insertInto('trashed_references')
    .values({
      trash: arg('trash'),
      repository: arg('repository'),
      manifest: arg('digest'),
      digest: arg('digest'),
      role: 'tag',
      held: 1,
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const copyManifest = statement<LinkAddress & { trash: string }>()(({ db, arg }) =>
  db
    .insertInto('trashed_manifests')
    .columns([
      'trash',
      'digest',
      'media_type',
      'bytes',
      'subject',
      'artifact_type',
      'content_size',
      'pushed_at',
    ])
    .expression(
      db
        .selectFrom('manifests')
        .select((eb) => [
          eb.cast<string>(eb.val(arg('trash')), 'text').as('trash'),
          'digest',
          'media_type',
          'bytes',
          'subject',
          'artifact_type',
          'content_size',
          'pushed_at',
        ])
        .where('repository', '=', arg('repository'))
        .where('digest', '=', arg('digest')),
    )
    // Pushed again while its repository was being deleted slice by slice.
    .onConflict((conflict) => conflict.doNothing())
    .returning(sql<number>`length(bytes)`.as('size')),
)

const copyReferences = statement<LinkAddress & { trash: string }>()(({ db, arg }) =>
  db
    .insertInto('trashed_references')
    .columns(['trash', 'repository', 'manifest', 'digest', 'role', 'held'])
    .expression(
      db
        .selectFrom('manifest_references as reference')
        .leftJoin('blob_links as link', (join) =>
          join
            .onRef('link.repository', '=', 'reference.repository')
            .onRef('link.digest', '=', 'reference.digest'),
        )
        .select((eb) => [
          eb.cast<string>(eb.val(arg('trash')), 'text').as('trash'),
          'reference.repository',
          'reference.manifest',
          'reference.digest',
          'reference.role',
          eb.case().when('link.digest', 'is', null).then(eb.lit(0)).else(eb.lit(1)).end().as('held'),
        ])
        .where('reference.repository', '=', arg('repository'))
        .where('reference.manifest', '=', arg('digest'))
        .where('reference.role', '!=', 'subject'),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(['digest', 'held']),
)

const lockTrash = statement<{ id: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('trash')
    .select(['repository', 'kind'])
    .where('id', '=', arg('id'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const markEmptying = statement<{ id: string }>()(({ db, arg }) =>
  db.updateTable('trash').set({ deleted_at: 0 }).where('id', '=', arg('id')),
)

const referencesOf = statement<TrashSlice>()(({ db, arg }) =>
  db
    .selectFrom('trashed_references')
    .select(['manifest', 'digest', 'role', 'held'])
    .where('trash', '=', arg('id'))
    // In this order deletions that are emptied at once lock what they have in common.
    .orderBy('digest')
    .limit(arg('limit')),
)

const deleteReference = statement<{ id: string; manifest: Digest; digest: Digest; role: string }>()(
  ({ db, arg }) =>
    db
      .deleteFrom('trashed_references')
      .where('trash', '=', arg('id'))
      .where('manifest', '=', arg('manifest'))
      .where('digest', '=', arg('digest'))
      .where('role', '=', arg('role') as 'tag'),
)

const manifestsOf = statement<TrashSlice>()(({ db, arg }) =>
  db.selectFrom('trashed_manifests').select('digest').where('trash', '=', arg('id')).limit(arg('limit')),
)

const deleteManifestOf = statement<{ id: string; digest: Digest }>()(({ db, arg }) =>
  db.deleteFrom('trashed_manifests').where('trash', '=', arg('id')).where('digest', '=', arg('digest')),
)

const deleteTags = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trashed_tags').where('trash', '=', arg('id')),
)

const deleteTrash = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('trash').where('id', '=', arg('id')),
)
