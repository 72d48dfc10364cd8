import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { ManifestReference } from '../../oci/manifest.ts'
import type { ManifestKind } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { perLength, places, type Statement, slices, statement } from '../statement.ts'
import { requireFlat } from './index-depth.ts'
import { type LinkAddress, review } from './links.ts'
import { inOrder, lockTags } from './lock-tags.ts'
import { discountEmpty, makeRepository } from './make-repository.ts'
import { type ManifestLimits, requireFewTags, requireRoomForReferrer } from './manifest-limits.ts'
import { orphanManifest, orphanReferrers } from './orphans.ts'
import { deleteReferences, insertReferences, userOf } from './references.ts'
import { countReleased, releaseLinks } from './released-links.ts'
import { deleteTagsOf, setTag, type TagMove } from './tags.ts'
import { openTrash, trashManifest, trashTag } from './trash.ts'
import type { Counted } from './usage/ledger.ts'
import type { DefaultLimits } from './usage/limits.ts'

/** Which references of a manifest may point at nothing: none, an index's children, or all. */
export type MissingAllowed = 'none' | 'index' | 'all'

export interface ManifestPut extends LinkAddress, TagMove {
  kind: ManifestKind
  mediaType: string
  bytes: Uint8Array
  subject: Digest | null
  artifactType: string | null
  contentSize: number
  references: readonly ManifestReference[]
  tags: readonly Tag[]
  missing: MissingAllowed
  /** Milliseconds that it stays, as every link does, without anything that holds it. */
  grace: number
  /** Not given: none. */
  limits?: ManifestLimits | undefined
  quota?: DefaultLimits
}

/**
 * Stores a manifest and its tags: they become visible together or not at all.
 * @throws MANIFEST_BLOB_UNKNOWN naming what the repository does not hold, TAG_IMMUTABLE, LIMIT_REACHED, MANIFEST_INVALID
 */
export async function putManifest(tx: Counted, put: ManifestPut): Promise<void> {
  await lockTags(tx, put)
  await requireReferences(tx, put)
  const { limits, subject } = put
  if (limits && subject) await requireRoomForReferrer(tx, { ...put, subject, most: limits.referrers })
  await makeRepository(tx, put)
  await storeManifest(tx, put)
  await insertReferences(tx, {
    repository: put.repository,
    manifest: put.digest,
    references: put.references,
  })
  if (limits && put.references.some(({ role }) => role === 'child'))
    await requireFlat(tx, { repository: put.repository, digest: put.digest, most: limits.nesting })
  let moved = false
  for (const tag of inOrder(put.tags)) moved = (await setTag(tx, { ...put, tag })) || moved
  if (limits && moved)
    await requireFewTags(tx, { repository: put.repository, digest: put.digest, most: limits.tags })
  // A manifest that no tag holds is looked at when its grace is over.
  await review(tx, { repository: put.repository, digest: put.digest, delay: put.grace })
}

async function storeManifest(tx: Counted, put: ManifestPut): Promise<void> {
  for (;;) {
    if ((await tx.run(insertManifest, put)) > 0)
      return tx.ledger.live(put.repository, put.digest, { count: 1, size: put.bytes.length })
    if ((await tx.run(renewManifest, put)) > 0) return
    // The collector took it in between: now there is room.
  }
}

export interface ManifestDeletion extends LinkAddress, TagMove {
  /** A new name for the deletion, so that it can be taken back; null: for good. */
  trash: string | null
}

/**
 * Deletes a manifest with the tags that point at it.
 * @returns the tags that it had; undefined when there was none
 * @throws MANIFEST_IN_USE naming the index that it is a child of, TAG_IMMUTABLE
 */
export async function deleteManifest(
  tx: Counted,
  args: ManifestDeletion,
): Promise<readonly Tag[] | undefined> {
  const { repository, digest, caller, trash } = args
  if (!(await tx.first(lockManifest, { repository, digest }))) return undefined
  const user = await userOf(tx, { repository, digest })
  if (user) {
    throw new RegistryError(
      'MANIFEST_IN_USE',
      `index ${user} of this repository lists the manifest: delete that first`,
      {
        detail: { digest, usedBy: user },
      },
    )
  }
  if (trash !== null) await openTrash(tx, { id: trash, repository, kind: 'manifest', name: digest, caller })
  return removeManifest(tx, args)
}

/**
 * Takes a manifest with its tags out of the repository, into the trash or for good.
 * @returns the tags that it had. @throws TAG_IMMUTABLE
 */
export async function removeManifest(tx: Counted, args: ManifestDeletion): Promise<readonly Tag[]> {
  const { repository, digest, trash } = args
  if (trash !== null) await trashManifest(tx, { repository, digest, trash })
  const tags = await deleteTagsOf(tx, args)
  if (trash !== null) for (const tag of tags) await trashTag(tx, { repository, digest, trash, tag })
  await dropManifest(tx, { repository, digest })
  return tags
}

/**
 * The row goes with its references, and what depended on it follows once no trash holds it either: what is there now,
 * not what is pushed from now on.
 */
export async function dropManifest(tx: Counted, { repository, digest }: LinkAddress): Promise<void> {
  const released = await deleteReferences(tx, { repository, manifest: digest })
  if ((await tx.run(deleteRow, { repository, digest })) > 0) tx.ledger.live(repository, digest, { count: -1 })
  await tx.run(deletePulls, { repository, digest })
  const held = released.filter(({ role }) => role !== 'subject')
  await releaseLinks(tx, { repository, digests: held.map((each) => each.digest) })
  for (const { digest: each, role } of released) {
    await review(tx, { repository, digest: each, delay: 0 })
    // A subject does not depend on what refers to it: an image outlives its signatures.
    if (role === 'child') await orphanManifest(tx, { repository, digest: each })
  }
  await orphanReferrers(tx, { repository, digest })
  await discountEmpty(tx, { repository, digest, delay: 0 })
}

/** What a client is told is there, is there for half a grace. @returns false when the manifest is gone */
export async function confirmManifest(
  tx: Transaction,
  address: LinkAddress & { grace: number },
): Promise<boolean> {
  if ((await tx.run(touchManifest, address)) === 0) return false
  await review(tx, { ...address, delay: address.grace })
  return true
}

/**
 * Locks what the manifest relies on, in digest order, so that the collector can't take it meanwhile.
 * A subject need not be there; neither need a foreign layer.
 */
async function requireReferences(tx: Counted, put: ManifestPut): Promise<void> {
  const needed = (roles: readonly string[]) =>
    [
      ...new Set(
        put.references
          .filter(({ role, foreign }) => roles.includes(role) && !foreign)
          .map(({ digest }) => digest),
      ),
    ].sort()
  const blobs = needed(['config', 'layer', 'blob-child'])
  const links = await lockAll(tx, put.repository, blobs, lockLinks)
  const released = links.filter((link) => link.released !== null).map(({ digest }) => digest)
  await countReleased(tx, { repository: put.repository, digests: released })
  const held = new Set(links.map(({ digest }) => digest))
  const children = needed(['child'])
  const known = new Set(
    (await lockAll(tx, put.repository, children, lockManifests)).map(({ digest }) => digest),
  )
  if (put.missing === 'all' || (put.missing === 'index' && put.kind === 'index')) return
  const missing = [
    ...blobs.filter((digest) => !held.has(digest)),
    ...children.filter((digest) => !known.has(digest)),
  ]
  if (missing.length === 0) return
  throw new RegistryError(
    'MANIFEST_BLOB_UNKNOWN',
    `the repository does not hold ${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more` : ''}, which the manifest refers to: push ${missing.length > 1 ? 'them' : 'it'} first`,
    { detail: { digest: missing[0], missing: missing.slice(0, 100) } },
  )
}

async function lockAll<Row>(
  tx: Transaction,
  repository: RepositoryName,
  digests: readonly Digest[],
  lock: (length: number) => Statement<DigestList, Row>,
): Promise<Row[]> {
  const found: Row[] = []
  for (const slice of slices(digests))
    found.push(...(await tx.all(lock(slice.length), { repository, digests: slice })))
  return found
}

interface DigestList {
  repository: RepositoryName
  digests: readonly Digest[]
}

/** A damaged blob is not held: a client that asks is told so, and its next push heals it. */
const lockLinks = perLength((length) =>
  statement<DigestList>()(({ db, arg, dialect }) =>
    db
      .selectFrom('blob_links')
      .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
      .select(['blob_links.digest', 'blob_links.released'])
      .where('blob_links.repository', '=', arg('repository'))
      .where('blob_links.digest', 'in', places(arg('digests'), length))
      .where('blobs.damaged_at', 'is', null)
      .orderBy('blob_links.digest')
      .$if(dialect === 'postgres', (query) => query.forKeyShare('blob_links')),
  ),
)

const lockManifests = perLength((length) =>
  statement<DigestList>()(({ db, arg, dialect }) =>
    db
      .selectFrom('manifests')
      .select('digest')
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', places(arg('digests'), length))
      .where('damaged_at', 'is', null)
      .orderBy('digest')
      .$if(dialect === 'postgres', (query) => query.forKeyShare()),
  ),
)

const lockManifest = statement<LinkAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const insertManifest = statement<ManifestPut>()(({ db, arg, now }) =>
  db
    .insertInto('manifests')
    .values({
      repository: arg('repository'),
      digest: arg('digest'),
      media_type: arg('mediaType'),
      bytes: arg('bytes'),
      subject: arg('subject'),
      artifact_type: arg('artifactType'),
      content_size: arg('contentSize'),
      pushed_at: now,
      confirmed_at: now,
    })
    .onConflict((conflict) => conflict.columns(['repository', 'digest']).doNothing()),
)

/** The bytes too: where they were damaged, this heals them. */
const renewManifest = statement<ManifestPut>()(({ db, arg, now }) =>
  db
    .updateTable('manifests')
    .set({ bytes: arg('bytes'), confirmed_at: now, orphaned_at: null, damaged_at: null })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const touchManifest = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('manifests')
    .set({ confirmed_at: now })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const deleteRow = statement<LinkAddress>()(({ db, arg }) =>
  db.deleteFrom('manifests').where('repository', '=', arg('repository')).where('digest', '=', arg('digest')),
)

const deletePulls = statement<LinkAddress>()(({ db, arg }) =>
  db.deleteFrom('pulls').where('repository', '=', arg('repository')).where('digest', '=', arg('digest')),
)
