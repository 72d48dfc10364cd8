import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Reader } from './engine.ts'
import { type Assumed, holderOf, subjectOf, tagOf } from './holders.ts'
import { statement } from './statement.ts'

interface Address {
  readonly repository: RepositoryName
  readonly digest: Digest
}

/** Milliseconds all. */
export interface CollectionRules {
  /** How long a link or manifest lives after it was last confirmed. */
  readonly grace: number
  /** How long a manifest stays that no tag and no index holds; null: for good. */
  readonly untagged: number | null
}

/** What the collector finds of a link or a manifest. */
export type Verdict =
  | { readonly verdict: 'absent' }
  /** Another transaction has it. */
  | { readonly verdict: 'locked' }
  /** Who holds it: it is looked at again when that lets go. */
  | { readonly verdict: 'held'; readonly by: string }
  /** Nothing holds it, but it is too young to go. */
  | { readonly verdict: 'wait'; readonly delay: number }
  | { readonly verdict: 'go' }

export interface Judging {
  /** Whether to lock the row first, as who removes it must. */
  readonly lock: boolean
  /** What is taken as gone already. */
  readonly assumed?: Assumed | undefined
}

/** A link lives for the grace after it was last confirmed, and then as long as a manifest or trash refers to it. */
export async function judgeLink(
  db: Reader,
  args: Address & CollectionRules,
  { lock, assumed }: Judging,
): Promise<Verdict> {
  const link = await db.first(lock ? lockedLink : linkRow, args)
  if (!link) return lock ? absentOrLocked(db, linkRow, args) : { verdict: 'absent' }
  const delay = link.confirmed_at + args.grace - link.now
  if (delay > 0) return { verdict: 'wait', delay }
  const by = await holderOf(db, args, assumed)
  return by === undefined ? { verdict: 'go' } : { verdict: 'held', by }
}

/**
 * A manifest without tag, index, subject and trash that hold it stays, unless it follows one that was deleted, or a
 * setting gives manifests without tags an age.
 */
export async function judgeManifest(
  db: Reader,
  args: Address & CollectionRules,
  { lock, assumed }: Judging,
): Promise<Verdict> {
  const row = await db.first(lock ? lockedManifest : manifestRow, args)
  if (!row) return lock ? absentOrLocked(db, manifestRow, args) : { verdict: 'absent' }
  const { repository } = args
  const by =
    (await tagOf(db, args)) ??
    (await holderOf(db, args, assumed)) ??
    (row.subject === null ? undefined : await subjectOf(db, { repository, subject: row.subject }, assumed))
  if (by !== undefined) return { verdict: 'held', by }
  const pulled = (await db.first(pullDay, args))?.day ?? null
  const due = dueOf({ ...row, pulled }, args)
  if (due === undefined) return { verdict: 'held', by: 'gc.untagged, which is off' }
  return due > row.now ? { verdict: 'wait', delay: due - row.now } : { verdict: 'go' }
}

interface Ages {
  readonly confirmed_at: number
  readonly pushed_at: number
  readonly untagged_at: number | null
  readonly orphaned_at: number | null
  readonly pulled: number | null
}

const day = 86_400_000

/** When a manifest that nothing holds goes; undefined: never. */
function dueOf(ages: Ages, { grace, untagged }: CollectionRules): number | undefined {
  const orphanedAt = ages.orphaned_at
  const dues: number[] = []
  // Pull times are known to the day: one on the day of the deletion counts as after it.
  if (orphanedAt !== null && (ages.pulled ?? 0) + day <= orphanedAt)
    dues.push(Math.max(ages.confirmed_at, orphanedAt) + grace)
  if (untagged !== null) {
    const used = Math.max(
      ages.confirmed_at,
      ages.pushed_at,
      ages.untagged_at ?? 0,
      ages.pulled === null ? 0 : ages.pulled + day,
    )
    dues.push(used + Math.max(untagged, grace))
  }
  return dues.length === 0 ? undefined : Math.min(...dues)
}

async function absentOrLocked(
  db: Reader,
  row: typeof linkRow | typeof manifestRow,
  args: Address,
): Promise<Verdict> {
  if (db.dialect === 'sqlite') return { verdict: 'absent' }
  return { verdict: (await db.first(row as typeof linkRow, args)) ? 'locked' : 'absent' }
}

const linkRow = statement<Address>()(({ db, arg, now }) =>
  db
    .selectFrom('blob_links')
    .select(['confirmed_at', now.as('now')])
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const lockedLink = statement<Address>()(({ db, arg, now, dialect }) =>
  db
    .selectFrom('blob_links')
    .select(['confirmed_at', now.as('now')])
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked()),
)

const manifestRow = statement<Address>()(({ db, arg, now }) =>
  db
    .selectFrom('manifests')
    .select(['confirmed_at', 'pushed_at', 'untagged_at', 'orphaned_at', 'subject', now.as('now')])
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const lockedManifest = statement<Address>()(({ db, arg, now, dialect }) =>
  db
    .selectFrom('manifests')
    .select(['confirmed_at', 'pushed_at', 'untagged_at', 'orphaned_at', 'subject', now.as('now')])
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked()),
)

const pullDay = statement<Address>()(({ db, arg }) =>
  db
    .selectFrom('pulls')
    .select('day')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)
