import type { Uses } from '../../rates/rolling-window.ts'
import { type Share, type ShareAsk, share } from '../../rates/shares.ts'
import {
  type AttemptKeys,
  type Count,
  type Counter,
  judge,
  type Outcome,
  signInRules,
  usedOf,
  type Verdict,
} from '../../rates/sign-in-rules.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/**
 * Counts what processes used, and gives each a share of what remains for all. Of one key one transaction at a time
 * counts: so all shares together are never more than there is.
 */
export async function sharePulls(
  tx: Transaction,
  { asked }: { asked: readonly ShareAsk[] },
): Promise<readonly Share[]> {
  const shares: Share[] = []
  // In one order, so that no two wait for each other.
  const inOrder = [...asked.entries()].sort(([, one], [, other]) => compare(one.key, other.key))
  for (const [index, one] of inOrder) {
    const key = `pull ${one.key}`
    const { counted, now } = await lock(tx, key)
    const uses = counted === '' ? [] : (JSON.parse(counted) as Uses)
    const shared = share(uses, one, now)
    const endsAt = (shared.uses.at(-1)?.[1] ?? 0) + one.rate.window
    await tx.run(write, { key, counted: JSON.stringify(shared.uses), endsAt })
    shares[index] = shared.share
  }
  return shares
}

/** Counts an attempt as a wrong one, unless there were too many. */
export async function beginSignIn(tx: Transaction, keys: AttemptKeys): Promise<Verdict> {
  const rows = await tx.all(read, { known: knownKey(keys), ...rowKeys(keys) })
  const known = rows.some(({ key }) => key === knownKey(keys))
  const seen = { account: 0, address: 0, pair: 0 }
  for (const counter of counters) {
    const row = rows.find(({ key }) => key === rowKey(counter, keys))
    if (row) seen[counter] = usedIn(counter, row)
  }
  const verdict = judge(seen, known)
  // Most of a flood ends here, and writes nothing.
  if ('refused' in verdict) return verdict
  const used = await lockAll(tx, keys)
  const decided = judge(used, known)
  if ('refused' in decided) return decided
  for (const counter of decided.counted)
    await count(tx, { counter, keys, used: used[counter] + 1, now: used.now })
  return decided
}

/** How long an address stays known from which an account was signed in to. Milliseconds. */
const knownTime = 30 * 24 * 3_600_000

/** Takes back what was counted of an attempt that was no wrong one. */
export async function endSignIn(tx: Transaction, { keys, counted, right }: Outcome): Promise<void> {
  const { now, ...used } = await lockAll(tx, keys)
  for (const counter of counted) await count(tx, { counter, keys, used: Math.max(0, used[counter] - 1), now })
  if (!right) return
  await count(tx, { counter: 'pair', keys, used: 0, now })
  await lock(tx, knownKey(keys))
  await tx.run(write, { key: knownKey(keys), counted: '', endsAt: now + knownTime })
}

/**
 * Forgets what counts no more, and of pulls those that end first, where there are more rows than `most`: a flood from ever
 * new addresses fills no database. Each of them cost a pull, which an attacker could as well have had in place of it.
 * @param args.limit rows that are forgotten at once. @returns how many were
 */
export async function expireRates(
  tx: Transaction,
  { limit, most }: { limit: number; most: number },
): Promise<number> {
  const ended = await tx.run(deleteEnded, { limit })
  if (ended > 0) return ended
  const counted = await tx.first(countRows, { limit: most + limit })
  const over = (counted?.rows ?? 0) - most
  return over > 0 ? tx.run(deleteFirstPulls, { limit: Math.min(over, limit) }) : 0
}

/** In one order, so that no two wait for each other. */
const counters: readonly Counter[] = ['account', 'address', 'pair']

/** What each counter has, which stays so until the end of the transaction. */
async function lockAll(tx: Transaction, keys: AttemptKeys): Promise<Record<Counter | 'now', number>> {
  const used = { account: 0, address: 0, pair: 0, now: 0 }
  for (const counter of counters) {
    const row = await lock(tx, rowKey(counter, keys))
    used[counter] = usedIn(counter, row)
    used.now = row.now
  }
  return used
}

async function count(
  tx: Transaction,
  { counter, keys, used, now }: { counter: Counter; keys: AttemptKeys; used: number; now: number },
): Promise<void> {
  const counted: Count = { count: used, at: now }
  const endsAt = Math.ceil(now + used * signInRules[counter].refill)
  await tx.run(write, { key: rowKey(counter, keys), counted: JSON.stringify(counted), endsAt })
}

interface Counted {
  readonly counted: string
  readonly now: number
}

function usedIn(counter: Counter, { counted, now }: Counted): number {
  return counted === '' ? 0 : usedOf(counter, JSON.parse(counted) as Count, now)
}

function rowKey(counter: Counter, keys: AttemptKeys): string {
  return `${counter} ${keys[counter]}`
}

function rowKeys(keys: AttemptKeys): Record<Counter, string> {
  return {
    account: rowKey('account', keys),
    address: rowKey('address', keys),
    pair: rowKey('pair', keys),
  }
}

function knownKey({ pair }: AttemptKeys): string {
  return `known ${pair}`
}

/** Makes the row or finds it, and keeps others from it until the end of the transaction. */
async function lock(tx: Transaction, key: string): Promise<Counted> {
  const row = await tx.first(lockRow, { key })
  if (!row) throw new Error('a row that was just written is not there')
  return row
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

const read = statement<Record<Counter | 'known', string>>()(({ db, arg, now }) =>
  db
    .selectFrom('rates')
    .select(['key', 'counted', now.as('now')])
    .where('key', 'in', [arg('account'), arg('address'), arg('pair'), arg('known')])
    .where('ends_at', '>', now),
)

const lockRow = statement<{ key: string }>()(({ db, arg, now }) =>
  db
    .insertInto('rates')
    .values({ key: arg('key'), counted: '', ends_at: now })
    .onConflict((conflict) => conflict.column('key').doUpdateSet((eb) => ({ key: eb.ref('excluded.key') })))
    .returning(['counted', now.as('now')]),
)

const write = statement<{ key: string; counted: string; endsAt: number }>()(({ db, arg }) =>
  db
    .updateTable('rates')
    .set({ counted: arg('counted'), ends_at: arg('endsAt') })
    .where('key', '=', arg('key')),
)

const countRows = statement<{ limit: number }>()(({ db, arg }) =>
  db
    .selectFrom(db.selectFrom('rates').select('key').limit(arg('limit')).as('some'))
    .select(({ fn }) => fn.countAll<number>().as('rows')),
)

const deleteFirstPulls = statement<{ limit: number }>()(({ db, arg, dialect }) =>
  db.deleteFrom('rates').where('key', 'in', (eb) => {
    const first = eb
      .selectFrom('rates')
      .select('key')
      // Whatever begins with `pull `.
      .where('key', '>', 'pull ')
      .where('key', '<', 'pull!')
      .orderBy('ends_at')
      .limit(arg('limit'))
    return dialect === 'postgres' ? first.forUpdate().skipLocked() : first
  }),
)

const deleteEnded = statement<{ limit: number }>()(({ db, arg, now, dialect }) =>
  db.deleteFrom('rates').where('key', 'in', (eb) => {
    const ended = eb.selectFrom('rates').select('key').where('ends_at', '<', now).limit(arg('limit'))
    return dialect === 'postgres' ? ended.forUpdate().skipLocked() : ended
  }),
)
