import type { Digest } from '../../oci/digest.ts'
import type { ReferenceRole } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { linkBlob, review } from './links.ts'
import { insertReferences, type Reference } from './references.ts'

/** Puts one manifest of a deletion back, and links what was unlinked meanwhile. */
export async function restoreManifest(
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

interface TrashedReference {
  digest: Digest
  role: ReferenceRole | 'tag'
}

function isReference(reference: TrashedReference): reference is TrashedReference & { role: ReferenceRole } {
  return reference.role !== 'tag'
}

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
