import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { type LinkAddress, review } from './links.ts'

/**
 * A manifest whose parent or subject was deleted on purpose follows it, unless something else holds it by the time
 * that the collector looks.
 */
export async function orphanManifest(tx: Transaction, address: LinkAddress): Promise<void> {
  if ((await tx.run(markOrphan, address)) > 0) await review(tx, { ...address, delay: 0 })
}

/** The same for all manifests whose subject it was. */
export async function orphanReferrers(tx: Transaction, subject: LinkAddress): Promise<void> {
  for (const { digest } of await tx.all(markReferrers, subject)) {
    await review(tx, { repository: subject.repository, digest, delay: 0 })
  }
}

/** Their subject left the trash: it may have been the last that held them. */
export async function reviewReferrers(tx: Transaction, subject: LinkAddress): Promise<void> {
  for (const { digest } of await tx.all(referrers, subject)) {
    await review(tx, { repository: subject.repository, digest, delay: 0 })
  }
}

const markOrphan = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('manifests')
    .set({ orphaned_at: now })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const markReferrers = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('manifests')
    .set({ orphaned_at: now })
    .where('repository', '=', arg('repository'))
    .where('subject', '=', arg('digest'))
    .returning('digest'),
)

const referrers = statement<LinkAddress>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('subject', '=', arg('digest')),
)
