import type { AuditBatchRow } from '../audit-schema.ts'
import type { Transaction } from '../engine.ts'
import { hashOfBatch, packEntries, type SealedEvent } from './batch.ts'
import { insertBatch, lockChain, moveHead, noteSealed } from './writer-statements.ts'

/** Where the chain of batches ends. */
export interface ChainHead {
  readonly number: number
  readonly hash: string
  /** Milliseconds since 1970, by the database's clock. */
  readonly at: number
}

/** Nobody else adds to the chain until the transaction ends. */
export async function lockHead(tx: Transaction): Promise<ChainHead> {
  const head = await tx.first(lockChain, {})
  if (!head) throw new Error('the audit log has lost the row that says where its chain ends')
  return head
}

export interface BatchToSeal {
  readonly writer: string
  /** The writer's last sequence in a batch before. */
  readonly after: number
  /** In the order of their sequences; none where the writer only begins or ends. */
  readonly events: readonly SealedEvent[]
  /** Whether the writer has no rows behind these. */
  readonly ended: boolean
}

/** Adds a batch to the chain. @returns where the chain ends now */
export async function seal(tx: Transaction, head: ChainHead, batch: BatchToSeal): Promise<ChainHead> {
  const { writer, after, events, ended } = batch
  const last = events.at(-1)?.sequence ?? after
  const row: Omit<AuditBatchRow, 'hash'> = {
    number: head.number + 1,
    previous: head.hash,
    writer,
    after_sequence: after,
    last_sequence: last,
    count: events.length,
    at: head.at,
    ended: ended ? 1 : 0,
    entries: packEntries(events, after),
  }
  const hash = hashOfBatch(row)
  await tx.run(insertBatch, { ...row, hash })
  await tx.run(moveHead, { number: row.number, hash })
  await tx.run(noteSealed, { writer, sealed: last, ended: row.ended })
  return { number: row.number, hash, at: head.at }
}
