import type { Transaction } from '../engine.ts'
import { largestBatch } from './batch.ts'
import { hashOfEvent } from './entry.ts'
import { lockHead, seal } from './seal.ts'
import { eventsBetween, isSilent, silentWriters } from './writer-statements.ts'

/** A writer that lives shows up each minute. Milliseconds. */
const silence = 300_000

/**
 * Seals what a writer left that is gone, as the rows are found; it has no more of them then. One batch at most.
 * @returns whether there may be more to do
 */
export async function adoptRows(tx: Transaction): Promise<boolean> {
  const [found] = await tx.all(silentWriters, { silence, limit: 1 })
  if (!found) return false
  const head = await lockHead(tx)
  const { writer } = found
  // Another may have done it, or the writer shown up, until the chain was this one's.
  const standing = await tx.first(isSilent, { writer, silence })
  if (!standing) return true
  const after = standing.sealed
  const rows = await tx.all(eventsBetween, {
    writer,
    after,
    last: Number.MAX_SAFE_INTEGER,
    limit: largestBatch,
  })
  const events = rows.map((row) => ({ sequence: row.sequence, hash: hashOfEvent(row), doubtful: false }))
  await seal(tx, head, { writer, after, events, ended: rows.length < largestBatch })
  return true
}
