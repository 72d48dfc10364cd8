import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { doomObject } from './objects.ts'
import { userOf } from './references.ts'
import type { Counted } from './usage/ledger.ts'
import type { DefaultLimits } from './usage/limits.ts'

export interface LinkAddress {
  repository: RepositoryName
  digest: Digest
}

export interface NewLink extends LinkAddress {
  /** Bytes of the blob. */
  size: number
  /** Milliseconds that the link lives without a manifest that refers to it. */
  grace: number
}

/** Makes or confirms the link, so that it counts, and asks for a review when its grace is over. */
export async function linkBlob(tx: Counted, link: NewLink): Promise<void> {
  const { repository, digest, size } = link
  while (true) {
    const counts = (await tx.run(insertLink, link)) > 0
    if (!counts && (await tx.run(touchCounting, link)) > 0) break
    // Neither there nor not: it was released, or was taken away in between.
    if (!counts && (await tx.run(countLink, link)) === 0) continue
    tx.ledger.live(repository, digest, { count: 1, size })
    break
  }
  await review(tx, { repository: link.repository, digest: link.digest, delay: link.grace })
}

/** Link first, then blob: whoever needs both locks them in this order, so that nobody waits in a circle. */
export async function lockLinkBeforeBlob(tx: Transaction, address: LinkAddress): Promise<void> {
  if (tx.dialect === 'postgres') await tx.first(lockLinkForChange, address)
}

export interface Mount extends Omit<NewLink, 'size'> {
  from: RepositoryName
  quota?: DefaultLimits
}

/** @returns false when `from` does not hold the blob at this moment */
export async function mountBlob(tx: Counted, mount: Mount): Promise<boolean> {
  const held = await tx.first(lockLink, { repository: mount.from, digest: mount.digest })
  if (!held) return false
  await linkBlob(tx, { ...mount, size: held.size })
  return true
}

/** What a client is told is there, is there for half a grace. @returns false when the link is gone */
export async function confirmBlob(tx: Transaction, link: LinkAddress & { grace: number }): Promise<boolean> {
  if ((await tx.run(touchLink, link)) === 0) return false
  await review(tx, { repository: link.repository, digest: link.digest, delay: link.grace })
  return true
}

/**
 * Takes the blob out of the repository; without links left it becomes unknown in this transaction.
 * @returns false when the repository does not hold it
 * @throws BLOB_IN_USE naming a manifest that refers to it
 */
export async function unlinkBlob(tx: Counted, address: LinkAddress): Promise<boolean> {
  if (!(await tx.first(lockLinkForChange, address))) return false
  const user = await userOf(tx, address)
  if (user) {
    throw new RegistryError(
      'BLOB_IN_USE',
      `manifest ${user} of this repository uses the blob: delete that first`,
      {
        detail: { digest: address.digest, usedBy: user },
      },
    )
  }
  await dropLink(tx, address)
  await dropUnlinkedBlob(tx, address.digest)
  return true
}

/**
 * Without links and trash that hold it, the blob's row goes, and its object is doomed in the same transaction.
 * @returns the bytes that this frees
 */
export async function dropUnlinkedBlob(tx: Transaction, digest: Digest): Promise<number> {
  const blob = await tx.first(lockBlob, { digest })
  if (!blob) return 0
  // A second statement: its snapshot is newer than the lock.
  if ((await tx.first(anyLink, { digest })) || (await tx.first(anyTrashed, { digest }))) return 0
  await tx.run(deleteBlob, { digest })
  await doomObject(tx, { objectKey: blob.object_key, size: blob.size })
  return blob.size
}

/** Takes the link away, whatever uses it. */
export async function dropLink(tx: Counted, address: LinkAddress): Promise<void> {
  const link = await tx.first(deleteLink, address)
  if (link && link.released === null) tx.ledger.live(address.repository, address.digest, { count: -1 })
}

/** Asks the collector to look at a link or manifest `delay` milliseconds from now. */
export async function review(tx: Transaction, args: LinkAddress & { delay: number }): Promise<void> {
  await tx.run(insertReview, args)
}

const insertLink = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .insertInto('blob_links')
    .values({ repository: arg('repository'), digest: arg('digest'), confirmed_at: now })
    .onConflict((conflict) => conflict.columns(['repository', 'digest']).doNothing()),
)

const touchCounting = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('blob_links')
    .set({ confirmed_at: now })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('released', 'is', null),
)

const countLink = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('blob_links')
    .set({ confirmed_at: now, released: null })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('released', 'is not', null),
)

const touchLink = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('blob_links')
    .set({ confirmed_at: now })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

/** Of a damaged blob there is nothing to mount: the caller's upload heals it. */
const lockLink = statement<LinkAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('blob_links')
    .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
    .select('blobs.size')
    .where('blob_links.repository', '=', arg('repository'))
    .where('blob_links.digest', '=', arg('digest'))
    .where('blobs.damaged_at', 'is', null)
    .$if(dialect === 'postgres', (query) => query.forKeyShare('blob_links')),
)

const lockLinkForChange = statement<LinkAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('blob_links')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const deleteLink = statement<LinkAddress>()(({ db, arg }) =>
  db
    .deleteFrom('blob_links')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .returning('released'),
)

const lockBlob = statement<{ digest: Digest }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('blobs')
    .select(['object_key', 'size'])
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const anyLink = statement<{ digest: Digest }>()(({ db, arg }) =>
  db.selectFrom('blob_links').select('repository').where('digest', '=', arg('digest')).limit(1),
)

const anyTrashed = statement<{ digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_references')
    .select('trash')
    .where('digest', '=', arg('digest'))
    .where('held', '=', 1)
    .limit(1),
)

const deleteBlob = statement<{ digest: Digest }>()(({ db, arg }) =>
  db.deleteFrom('blobs').where('digest', '=', arg('digest')),
)

const insertReview = statement<LinkAddress & { delay: number }>()(({ db, arg, now }) =>
  db
    .insertInto('review')
    .values((eb) => ({
      due_at: eb(now, '+', arg('delay')),
      repository: arg('repository'),
      digest: arg('digest'),
    }))
    .onConflict((conflict) => conflict.doNothing()),
)
