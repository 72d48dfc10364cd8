import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { perLength, places, slices, statement } from '../statement.ts'
import type { Counted } from './usage/ledger.ts'

/**
 * Blobs whose last manifest was deleted cost nothing any more, though their links stay for the grace: what a client was
 * told is there, is there. Whoever uses one again makes it count.
 */

interface DigestList {
  repository: RepositoryName
  digests: readonly Digest[]
}

/** Links of the repository that no manifest needs count no more. Of one that is locked, the collector sees to it. */
export async function releaseLinks(tx: Counted, { repository, digests }: DigestList): Promise<void> {
  for (const slice of slices([...new Set(digests)].sort())) {
    const links = tx.dialect === 'postgres' ? await lockCounting(tx, { repository, digests: slice }) : slice
    if (links.length === 0) continue
    for (const { digest } of await tx.all(release(links.length), { repository, digests: links }))
      tx.ledger.live(repository, digest, { count: -1 })
  }
}

/** A manifest begins to need these links, which it has locked. */
export async function countReleased(tx: Counted, { repository, digests }: DigestList): Promise<void> {
  for (const slice of slices(digests)) {
    for (const { digest } of await tx.all(countAgain(slice.length), { repository, digests: slice }))
      tx.ledger.live(repository, digest, { count: 1 })
  }
}

async function lockCounting(tx: Counted, list: DigestList): Promise<readonly Digest[]> {
  return (await tx.all(countingLinks(list.digests.length), list)).map(({ digest }) => digest)
}

const countingLinks = perLength((length) =>
  statement<DigestList>()(({ db, arg }) =>
    db
      .selectFrom('blob_links')
      .select('digest')
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', places(arg('digests'), length))
      .where('released', 'is', null)
      .forUpdate()
      .skipLocked(),
  ),
)

/** A second statement: its snapshot is newer than the lock. */
const release = perLength((length) =>
  statement<DigestList>()(({ db, arg }) =>
    db
      .updateTable('blob_links')
      .set({ released: 1 })
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', places(arg('digests'), length))
      .where('released', 'is', null)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('manifest_references as user')
              .select('user.manifest')
              .whereRef('user.repository', '=', 'blob_links.repository')
              .whereRef('user.digest', '=', 'blob_links.digest')
              .where('user.role', '!=', 'subject'),
          ),
        ),
      )
      .returning('digest'),
  ),
)

const countAgain = perLength((length) =>
  statement<DigestList>()(({ db, arg }) =>
    db
      .updateTable('blob_links')
      .set({ released: null })
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', places(arg('digests'), length))
      .where('released', 'is not', null)
      .returning('digest'),
  ),
)
