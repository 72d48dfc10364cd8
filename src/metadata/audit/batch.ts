import type { AuditBatchRow } from '../audit-schema.ts'

/** A row as a batch knows it. */
export interface SealedEvent {
  readonly sequence: number
  /** SHA-256 of the row. */
  readonly hash: Uint8Array
  /** Whether nobody knows if its transaction took place: its row may be missing. */
  readonly doubtful: boolean
}

/** Rows that one batch holds at most: as many as a transaction writes, or removes, without keeping others waiting. */
export const largestBatch = 1000

/** Four bytes of where it is behind `after`, one that tells whether it is doubtful, and the hash. */
const entrySize = 4 + 1 + 32

export function packEntries(events: readonly SealedEvent[], after: number): Uint8Array {
  const bytes = new Uint8Array(events.length * entrySize)
  const view = new DataView(bytes.buffer)
  for (const [index, { sequence, hash, doubtful }] of events.entries()) {
    const start = index * entrySize
    view.setUint32(start, sequence - after)
    view.setUint8(start + 4, doubtful ? 1 : 0)
    bytes.set(hash, start + 5)
  }
  return bytes
}

/** @returns undefined where the bytes are no entries */
export function unpackEntries(
  bytes: Uint8Array,
  { after, count }: { after: number; count: number },
): SealedEvent[] | undefined {
  if (bytes.length !== count * entrySize) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: count }, (_, index) => {
    const start = index * entrySize
    return {
      sequence: after + view.getUint32(start),
      doubtful: view.getUint8(start + 4) === 1,
      hash: bytes.subarray(start + 5, start + entrySize),
    }
  })
}

/** SHA-256 in hexadecimal of all that a batch says; with it, that of each batch before. */
export function hashOfBatch(batch: Omit<AuditBatchRow, 'hash'>): string {
  const entries = new Bun.CryptoHasher('sha256').update(batch.entries).digest('hex')
  const text = JSON.stringify([
    batch.number,
    batch.previous,
    batch.writer,
    batch.after_sequence,
    batch.last_sequence,
    batch.count,
    batch.at,
    batch.ended,
    entries,
  ])
  return new Bun.CryptoHasher('sha256').update(text).digest('hex')
}
