import { sql } from 'kysely'
import type { Digest } from '../../oci/digest.ts'
import type { ReferenceRole } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { type Statement, statement } from '../statement.ts'
import { checkManifest } from './damage.ts'
import { type LinkAddress, linkBlob, review } from './links.ts'
import { makeRepository } from './make-repository.ts'
import { insertReferences } from './references.ts'
import type { Counted } from './usage/ledger.ts'

export interface Bringing extends LinkAddress {
  /** Where it was: that repository, or its trash, has what is brought. */
  from: RepositoryName
  grace: number
}

/**
 * Sees to it that the repository has a manifest with all that it needs: where it is missing, it comes from the
 * repository `from` or out of the trash of that, which keeps its own.
 * @returns the manifests that are nowhere: this one, or children of it
 */
export async function bringManifest(tx: Counted, at: Bringing): Promise<readonly Digest[]> {
  if (await tx.first(lockManifest, at)) return []
  if (at.from !== at.repository && (await tx.first(lockManifest, { ...at, repository: at.from }))) {
    await makeRepository(tx, at)
    await copy(tx, at, copyLive)
    return settle(tx, at, { references: await tx.all(liveReferences, at) })
  }
  const trash = await tx.first(lockTrashOf, at)
  return trash ? bringFromTrash(tx, { ...at, trash: trash.id }) : [at.digest]
}

/** The same for a manifest of this one deletion. */
export async function bringFromTrash(
  tx: Counted,
  at: Bringing & { trash: string },
): Promise<readonly Digest[]> {
  await makeRepository(tx, at)
  await copy(tx, at, copyTrashed)
  return settle(tx, at, { references: await tx.all(trashedReferences, at), trash: at.trash })
}

/** @param from puts it there, unless it is there */
async function copy<At extends LinkAddress>(
  tx: Counted,
  at: At,
  from: Statement<At, { size: number }>,
): Promise<void> {
  for (;;) {
    const copied = await tx.first(from, at)
    if (copied) return tx.ledger.live(at.repository, at.digest, { count: 1, size: copied.size })
    if ((await tx.run(renewManifest, at)) > 0) return
  }
}

interface HeldReference {
  digest: Digest
  role: ReferenceRole | 'tag'
  /** Whether the repository held what the manifest refers to: only that may be linked again. */
  held: number
}

async function settle(
  tx: Counted,
  at: Bringing,
  source: { references: readonly HeldReference[]; trash?: string },
): Promise<readonly Digest[]> {
  const { repository, digest, grace } = at
  // What was damaged where it comes from must not be served.
  await checkManifest(tx, { repository, digest })
  const references = source.references.filter(isReference)
  const subject = (await tx.first(subjectOf, at))?.subject
  await insertReferences(tx, {
    repository,
    manifest: digest,
    references: subject ? [...references, { digest: subject, role: 'subject' }] : references,
  })
  await review(tx, { repository, digest, delay: grace })
  const missing: Digest[] = []
  for (const { digest: needed, role, held } of references) {
    if (role !== 'child') {
      const blob = held ? await tx.first(lockBlob, { digest: needed }) : undefined
      if (blob) await linkBlob(tx, { repository, digest: needed, size: blob.size, grace })
      continue
    }
    // Of the same deletion: its own turn comes.
    if (source.trash && (await tx.first(trashedManifest, { trash: source.trash, digest: needed }))) continue
    missing.push(...(await bringManifest(tx, { ...at, digest: needed })))
  }
  return missing
}

function isReference(reference: HeldReference): reference is HeldReference & { role: ReferenceRole } {
  return reference.role !== 'tag'
}

const lockManifest = statement<LinkAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forKeyShare()),
)

/** The latest deletion that has it; none that is being emptied. */
const lockTrashOf = statement<Bringing>()(({ db, arg, dialect }) =>
  db
    .selectFrom('trash')
    .innerJoin('trashed_manifests', 'trashed_manifests.trash', 'trash.id')
    .select('trash.id')
    .where('trash.repository', '=', arg('from'))
    .where('trash.deleted_at', '>', 0)
    .where('trashed_manifests.digest', '=', arg('digest'))
    .orderBy('trash.id', 'desc')
    .limit(1)
    .$if(dialect === 'postgres', (query) => query.forUpdate('trash')),
)

const lockBlob = statement<{ digest: Digest }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('blobs')
    .select('size')
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forKeyShare()),
)

const trashedManifest = statement<{ trash: string; digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .select('digest')
    .where('trash', '=', arg('trash'))
    .where('digest', '=', arg('digest')),
)

const subjectOf = statement<LinkAddress>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select('subject')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const trashedReferences = statement<{ trash: string; digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_references')
    .select(['digest', 'role', 'held'])
    .where('trash', '=', arg('trash'))
    .where('manifest', '=', arg('digest')),
)

const liveReferences = statement<Bringing>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .leftJoin('blob_links', (join) =>
      join
        .onRef('blob_links.repository', '=', 'manifest_references.repository')
        .onRef('blob_links.digest', '=', 'manifest_references.digest'),
    )
    .select((eb) => [
      'manifest_references.digest',
      'manifest_references.role',
      eb.case().when('blob_links.digest', 'is', null).then(eb.lit(0)).else(eb.lit(1)).end().as('held'),
    ])
    .where('manifest_references.repository', '=', arg('from'))
    .where('manifest_references.manifest', '=', arg('digest'))
    .where('manifest_references.role', '!=', 'subject'),
)

const copied = [
  'digest',
  'media_type',
  'bytes',
  'subject',
  'artifact_type',
  'content_size',
  'pushed_at',
] as const

const copyTrashed = statement<LinkAddress & { trash: string }>()(({ db, arg, now }) =>
  db
    .insertInto('manifests')
    .columns(['repository', ...copied, 'confirmed_at'])
    .expression(
      db
        .selectFrom('trashed_manifests')
        .select((eb) => [
          eb.cast<string>(eb.val(arg('repository')), 'text').as('repository'),
          ...copied,
          now.as('confirmed_at'),
        ])
        .where('trash', '=', arg('trash'))
        .where('digest', '=', arg('digest')),
    )
    .onConflict((conflict) => conflict.columns(['repository', 'digest']).doNothing())
    .returning(sql<number>`length(bytes)`.as('size')),
)

const copyLive = statement<Bringing>()(({ db, arg, now }) =>
  db
    .insertInto('manifests')
    .columns(['repository', ...copied, 'confirmed_at'])
    .expression(
      db
        .selectFrom('manifests')
        .select((eb) => [
          eb.cast<string>(eb.val(arg('repository')), 'text').as('repository'),
          ...copied,
          now.as('confirmed_at'),
        ])
        .where('repository', '=', arg('from'))
        .where('digest', '=', arg('digest')),
    )
    .onConflict((conflict) => conflict.columns(['repository', 'digest']).doNothing())
    .returning(sql<number>`length(bytes)`.as('size')),
)

const renewManifest = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('manifests')
    .set({ confirmed_at: now, orphaned_at: null })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)
