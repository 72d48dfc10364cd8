import type { Transaction } from '../engine.ts'
import type { DeliveryRow, DeliveryState, WebhookRow } from '../notifications-schema.ts'
import { perLength, places, statement } from '../statement.ts'

/** Later events of a repository wait for an earlier one while it has had fewer attempts than this. */
export const orderedAttempts = 3
/** How far a look goes into what waits for one webhook. */
const looked = 500

export interface Claim {
  webhook: string
  /** A name for the claim that no other ever had. */
  claim: string
  /** At most so many; of a webhook that fails, one. */
  limit: number
  /** Who says nothing for this long has given it up: then another attempt is made. Milliseconds. */
  lease: number
}

export interface Claimed {
  readonly webhook: WebhookRow
  readonly deliveries: readonly ClaimedDelivery[]
}

export type ClaimedDelivery = DeliveryRow & {
  /** Milliseconds that it has been waiting. */
  readonly age: number
}

/**
 * Takes what is due for one webhook, the oldest first, and of each repository only what no earlier event holds back.
 * Processes that share the metadata take turns at a webhook's row, and none waits for another.
 * @returns undefined where nothing is due, or another process is at it
 */
export async function claimDeliveries(tx: Transaction, args: Claim): Promise<Claimed | undefined> {
  const webhook = await tx.first(lockWebhook, args)
  if (!webhook) return undefined
  const failing = (webhook.failures ?? 0) > 0
  const limit = failing ? Math.min(args.limit, 1) : args.limit
  const due = dueInOrder(await tx.all(oldestWaiting, { ...args, looked }), limit)
  if (due.length === 0) return undefined
  const ids = due.map(({ id }) => id)
  await tx.run(takeClaim(ids.length), { ...args, ids })
  // Until this attempt has an end, no other process tries one that fails.
  if (failing) await tx.run(holdBack, { id: webhook.id, delay: args.lease })
  const deliveries = await tx.all(claimed(ids.length), { ...args, ids })
  return { webhook, deliveries }
}

interface Waiting {
  readonly id: string
  readonly repository: string
  readonly attempts: number
  readonly claim: string | null
  readonly due: number
}

function dueInOrder(waiting: readonly Waiting[], limit: number): Waiting[] {
  const held = new Set<string>()
  const taken: Waiting[] = []
  for (const row of waiting) {
    if (taken.length === limit) break
    if (held.has(row.repository)) continue
    if (row.due === 1) taken.push(row)
    // One that was tried in vain again and again holds nobody back any more.
    if (row.due === 1 || row.claim !== null || row.attempts < orderedAttempts) held.add(row.repository)
  }
  return taken
}

export interface AttemptEnd {
  id: string
  claim: string
  webhook: string
  /** Waiting: it is tried again in `delay` milliseconds. */
  state: DeliveryState
  delay: number
  status: number | null
  problem: string | null
  duration: number
  /** What it says of the webhook: it answers; it does not, and gets no request for so many milliseconds; or nothing. */
  endpoint: { state: 'answers' } | { state: 'fails'; delay: number } | { state: 'unknown' }
}

/** Records how an attempt ended. @returns false where it was given up meanwhile, and is another's */
export async function endAttempt(tx: Transaction, end: AttemptEnd): Promise<boolean> {
  const { endpoint, webhook } = end
  if (endpoint.state === 'answers') await tx.run(noteAnswer, { id: webhook })
  if (endpoint.state === 'fails') await tx.run(noteFailure, { id: webhook, delay: endpoint.delay })
  return (await tx.run(recordAttempt, end)) > 0
}

/** Tells a webhook of an event once more, as if for the first time. @returns false when there is no such delivery */
export async function redeliver(tx: Transaction, address: { id: string; webhook: string }): Promise<boolean> {
  return (await tx.run(queueAgain, address)) > 0
}

export interface Tidying {
  webhook: string
  /** Milliseconds that what was delivered, or failed, is kept. */
  keep: number
  /** Of each at most so many. */
  most: number
  /** Beyond so many that wait, the oldest are given up. */
  mostWaiting: number
  /** In one transaction. */
  limit: number
}

/** Forgets what is old, and gives up what is too much. @returns whether there may be more */
export async function tidyDeliveries(tx: Transaction, args: Tidying): Promise<boolean> {
  // A change that looked before the webhook was deleted may queue something after it.
  await tx.run(deleteOrphans, args)
  let more = false
  for (const state of ['delivered', 'failed'] as const) {
    const old = await tx.run(deleteOld, { ...args, state })
    const surplus = await tx.run(deleteSurplus, { ...args, state })
    if (old === args.limit || surplus === args.limit) more = true
  }
  if ((await tx.run(failSurplus, args)) === args.limit) more = true
  return more
}

const lockWebhook = statement<{ webhook: string }>()(({ db, arg, now, dialect }) =>
  db
    .selectFrom('webhooks')
    .selectAll()
    .where('id', '=', arg('webhook'))
    .where('enabled', '=', 1)
    .where((eb) => eb.or([eb('retry_at', 'is', null), eb('retry_at', '<=', now)]))
    .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked()),
)

const oldestWaiting = statement<{ webhook: string; looked: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('deliveries')
    .select((eb) => [
      'id',
      'repository',
      'attempts',
      'claim',
      eb.case().when('due_at', '<=', now).then(1).else(0).end().as('due'),
    ])
    .where('webhook', '=', arg('webhook'))
    .where('state', '=', 'waiting')
    // What is neither due nor holds others back must not stand in their way.
    .where((eb) =>
      eb.or([
        eb('due_at', '<=', now),
        eb('claim', 'is not', null),
        eb('attempts', '<', eb.lit(orderedAttempts)),
      ]),
    )
    .orderBy('id')
    .limit(arg('looked')),
)

const takeClaim = perLength((length) =>
  statement<Claim & { ids: readonly string[] }>()(({ db, arg, now }) =>
    db
      .updateTable('deliveries')
      .set((eb) => ({
        claim: arg('claim'),
        due_at: eb(now, '+', arg('lease')),
        attempts: eb('attempts', '+', 1),
      }))
      .where('id', 'in', places(arg('ids'), length)),
  ),
)

const claimed = perLength((length) =>
  statement<{ ids: readonly string[] }>()(({ db, arg, now }) =>
    db
      .selectFrom('deliveries')
      .selectAll()
      .select((eb) => eb(now, '-', eb.ref('queued_at')).as('age'))
      .where('id', 'in', places(arg('ids'), length))
      .orderBy('id'),
  ),
)

const holdBack = statement<{ id: string; delay: number }>()(({ db, arg, now }) =>
  db
    .updateTable('webhooks')
    .set((eb) => ({ retry_at: eb(now, '+', arg('delay')) }))
    .where('id', '=', arg('id')),
)

const noteAnswer = statement<{ id: string }>()(({ db, arg }) =>
  db
    .updateTable('webhooks')
    .set({ failures: null, failing_since: null, retry_at: null })
    .where('id', '=', arg('id'))
    .where('failures', 'is not', null),
)

const noteFailure = statement<{ id: string; delay: number }>()(({ db, arg, now }) =>
  db
    .updateTable('webhooks')
    .set((eb) => ({
      failures: eb(eb.fn.coalesce('failures', eb.lit(0)), '+', eb.lit(1)),
      failing_since: eb.fn.coalesce('failing_since', now),
      retry_at: eb(now, '+', arg('delay')),
    }))
    .where('id', '=', arg('id')),
)

const recordAttempt = statement<AttemptEnd>()(({ db, arg, now }) =>
  db
    .updateTable('deliveries')
    .set((eb) => ({
      state: arg('state'),
      due_at: eb(now, '+', arg('delay')),
      claim: null,
      status: arg('status'),
      problem: arg('problem'),
      duration: arg('duration'),
    }))
    .where('id', '=', arg('id'))
    .where('claim', '=', arg('claim')),
)

const queueAgain = statement<{ id: string; webhook: string }>()(({ db, arg, now }) =>
  db
    .updateTable('deliveries')
    .set({ state: 'waiting', due_at: now, queued_at: now, attempts: 0, claim: null })
    .where('id', '=', arg('id'))
    .where('webhook', '=', arg('webhook')),
)

type Slice = Tidying & { state: 'delivered' | 'failed' }

const deleteOld = statement<Slice>()(({ db, arg, now }) =>
  db.deleteFrom('deliveries').where('id', 'in', (eb) =>
    eb
      .selectFrom('deliveries')
      .select('id')
      .where('state', '=', arg('state'))
      .where('due_at', '<', eb(now, '-', arg('keep')))
      .limit(arg('limit')),
  ),
)

const deleteOrphans = statement<{ webhook: string }>()(({ db, arg }) =>
  db
    .deleteFrom('deliveries')
    .where('webhook', '=', arg('webhook'))
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('webhooks').select('webhooks.id').where('webhooks.id', '=', arg('webhook')))),
    ),
)

const deleteSurplus = statement<Slice>()(({ db, arg }) =>
  db
    .deleteFrom('deliveries')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('deliveries')
        .select('id')
        .where('webhook', '=', arg('webhook'))
        .where('state', '=', arg('state'))
        .orderBy('id', 'desc')
        .limit(arg('limit'))
        .offset(arg('most')),
    ),
)

const failSurplus = statement<Tidying>()(({ db, arg, now }) =>
  db
    .updateTable('deliveries')
    .set({
      state: 'failed',
      due_at: now,
      claim: null,
      problem: 'too many later events were waiting for this webhook',
    })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('deliveries')
        .select('id')
        .where('webhook', '=', arg('webhook'))
        .where('state', '=', 'waiting')
        .orderBy('id', 'desc')
        .limit(arg('limit'))
        .offset(arg('mostWaiting')),
    ),
)
