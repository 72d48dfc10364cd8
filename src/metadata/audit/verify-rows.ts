import type { AuditBatchRow, AuditEventRow } from '../audit-schema.ts'
import type { AuditFinding } from '../audit-store.ts'
import type { Reader } from '../engine.ts'
import { type SealedEvent, unpackEntries } from './batch.ts'
import { hashOfEvent } from './entry.ts'
import { eventsBetween } from './writer-statements.ts'

/** Rows that are read and hashed in one go, while others wait: some milliseconds. */
const together = 250

/** Compares the rows of a batch with what it says of them, in the order of their sequences. */
export async function compareRows(reader: Reader, batch: AuditBatchRow): Promise<AuditFinding[]> {
  const { writer, after_sequence: after, last_sequence: last, count, number, at } = batch
  // Where it can't be read, the batch itself is found to be changed.
  const said = unpackEntries(batch.entries, { after, count }) ?? []
  const findings: AuditFinding[] = []
  const find = (kind: 'changed' | 'removed' | 'inserted', sequence: number, when: number) =>
    findings.push({ kind, event: { writer, sequence }, at: when, batch: number })
  let next = 0
  const skipTo = (sequence: number) => {
    for (let entry = said[next]; entry && entry.sequence < sequence; entry = said[next]) {
      if (!entry.doubtful) find('removed', entry.sequence, at)
      next += 1
    }
  }
  for await (const row of rowsOf(reader, { writer, after, last })) {
    skipTo(row.sequence)
    const entry = said[next]
    if (entry?.sequence !== row.sequence) find('inserted', row.sequence, row.at)
    else {
      if (!isTheRow(entry, row)) find('changed', row.sequence, row.at)
      next += 1
    }
  }
  skipTo(Number.POSITIVE_INFINITY)
  return findings
}

function isTheRow(entry: SealedEvent, row: AuditEventRow): boolean {
  return Buffer.compare(hashOfEvent(row), entry.hash) === 0
}

async function* rowsOf(
  reader: Reader,
  { writer, after, last }: { writer: string; after: number; last: number },
): AsyncGenerator<AuditEventRow> {
  for (let from = after; from < last; ) {
    const rows = await reader.all(eventsBetween, { writer, after: from, last, limit: together })
    yield* rows
    if (rows.length < together) return
    from = rows.at(-1)?.sequence ?? last
    await new Promise((resolve) => setImmediate(resolve))
  }
}
