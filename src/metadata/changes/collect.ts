import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { type CollectionRules, judgeLink, judgeManifest, type Verdict } from '../verdicts.ts'
import { dropLink, dropUnlinkedBlob, type LinkAddress, review } from './links.ts'
import { discountEmpty } from './make-repository.ts'
import { dropManifest } from './manifests.ts'
import { releaseLinks } from './released-links.ts'
import type { Counted } from './usage/ledger.ts'

export interface Collection extends LinkAddress, CollectionRules {}

export interface Collected {
  readonly links: number
  readonly manifests: number
  /** Of blobs that nothing holds any more. */
  readonly bytes: number
}

/** Another transaction is at it: looked at again after this time. Milliseconds. */
const lockedDelay = 1000

/**
 * Looks at a link and a manifest of this digest, whose review is due, and takes away what nothing holds. Locks come
 * first, and the references are looked for in later statements, which see what was committed meanwhile.
 */
export async function collect(tx: Counted, args: Collection): Promise<Collected> {
  const { repository, digest } = args
  await tx.run(takeReviews, args)
  const manifest = await judgeManifest(tx, args, { lock: true })
  if (manifest.verdict === 'go') await dropManifest(tx, { repository, digest })
  const link = await judgeLink(tx, args, { lock: true })
  if (link.verdict === 'go') await dropLink(tx, { repository, digest })
  // As long as it stays for another reason than that a manifest needs it.
  else if (link.verdict !== 'absent') await releaseLinks(tx, { repository, digests: [digest] })
  await discountEmpty(tx, { repository, digest, delay: lockedDelay })
  await lookAgain(tx, args, [manifest, link])
  return {
    manifests: manifest.verdict === 'go' ? 1 : 0,
    links: link.verdict === 'go' ? 1 : 0,
    bytes: link.verdict === 'go' || link.verdict === 'absent' ? await dropUnlinkedBlob(tx, digest) : 0,
  }
}

async function lookAgain(tx: Transaction, args: Collection, verdicts: readonly Verdict[]): Promise<void> {
  const delays = verdicts.flatMap((verdict) => {
    if (verdict.verdict === 'locked') return [lockedDelay]
    return verdict.verdict === 'wait' ? [verdict.delay] : []
  })
  if (delays.length === 0) return
  const { repository, digest } = args
  const delay = Math.min(...delays)
  // A confirmation that came since has asked for a review of its own.
  if (await tx.first(laterReview, { repository, digest, delay })) return
  await review(tx, { repository, digest, delay })
}

const takeReviews = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .deleteFrom('review')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('due_at', '<=', now),
)

const laterReview = statement<LinkAddress & { delay: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('review')
    .select('due_at')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('due_at', '>=', (eb) => eb(now, '+', arg('delay')))
    .limit(1),
)
