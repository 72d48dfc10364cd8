import type { AuditEntry } from '../audit/entry.ts'
import { lockChain } from '../audit/writer-statements.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/** Records what changed nothing: who signed in, who pulled, and what was refused. */
export async function recordAudit(
  tx: Transaction,
  { entries }: { entries: readonly AuditEntry[] },
): Promise<void> {
  await tx.audit?.record(tx, entries)
}

export interface TrimmedAudit {
  /** The last batch that was removed. */
  readonly number: number
  readonly hash: string
  readonly events: number
}

/**
 * Removes whole batches from the beginning of the chain, with their events, at most `limit` of them: where the chain
 * begins from then on is on record, and in the chain itself, by the event that tells of this.
 * @param args.age milliseconds
 * @returns undefined: the oldest is younger
 */
export async function trimAudit(
  tx: Transaction,
  { age, limit }: { age: number; limit: number },
): Promise<TrimmedAudit | undefined> {
  const chain = await tx.first(lockChain, {})
  if (!chain) return undefined
  const found = await tx.all(oldestBatches, { after: chain.trimmed, limit })
  const young = found.findIndex(({ at }) => at >= chain.at - age)
  const batches = young < 0 ? found : found.slice(0, young)
  let events = 0
  for (const { number, writer, last_sequence, ended } of batches) {
    // Also what lies before the batch: nothing does, unless somebody put it there.
    events += await tx.run(removeEvents, { writer, last: last_sequence })
    await tx.run(removeBatch, { number })
    if (ended === 1) await tx.run(removeWriter, { writer })
  }
  const last = batches.at(-1)
  if (!last) return undefined
  await tx.run(moveBeginning, { number: last.number, hash: last.hash })
  return { number: last.number, hash: last.hash, events }
}

const oldestBatches = statement<{ after: number; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('audit_batches')
    .select(['number', 'writer', 'last_sequence', 'ended', 'hash', 'at'])
    .where('number', '>', arg('after'))
    .orderBy('number')
    .limit(arg('limit')),
)

const removeEvents = statement<{ writer: string; last: number }>()(({ db, arg }) =>
  db.deleteFrom('audit_events').where('writer', '=', arg('writer')).where('sequence', '<=', arg('last')),
)

const removeBatch = statement<{ number: number }>()(({ db, arg }) =>
  db.deleteFrom('audit_batches').where('number', '=', arg('number')),
)

const removeWriter = statement<{ writer: string }>()(({ db, arg }) =>
  db.deleteFrom('audit_writers').where('writer', '=', arg('writer')),
)

const moveBeginning = statement<{ number: number; hash: string }>()(({ db, arg }) =>
  db
    .updateTable('audit_chain')
    .set({ trimmed: arg('number'), trimmed_hash: arg('hash') })
    .where('id', '=', 1),
)
