import type { AuditFinding } from '../audit-store.ts'
import type { Reader } from '../engine.ts'
import { chain, firstBatchOf, lastBatchOf, nextWriter, rowsOutside } from './read-statements.ts'

export interface OutsideBatches {
  readonly findings: readonly AuditFinding[]
  /** Rows that are to be sealed yet. */
  readonly unsealed: number
  readonly oldestUnsealed: number | undefined
}

/** A writer that retention left no batch of may have written again a moment ago. Milliseconds. */
const moment = 60_000

/** Looks for rows that lie before a writer's first batch or behind its last, and for writers that the chain does not know. */
export async function lookOutside(reader: Reader): Promise<OutsideBatches> {
  const findings: AuditFinding[] = []
  let unsealed = 0
  let oldestUnsealed: number | undefined
  for (let found = await next(reader, ''); found; found = await next(reader, found)) {
    const writer = found
    const first = await reader.first(firstBatchOf, { writer })
    const last = await reader.first(lastBatchOf, { writer })
    const early = await rows(reader, { writer, after: -1, last: first?.after_sequence ?? -1 })
    if (early) findings.push(inserted(writer, early))
    const late = await rows(reader, {
      writer,
      after: last?.last_sequence ?? -1,
      last: Number.MAX_SAFE_INTEGER,
    })
    if (!late) continue
    const known = last ? last.ended === 0 : (await clock(reader)) - late.oldest < moment
    if (!known) findings.push(inserted(writer, late))
    else {
      unsealed += late.count
      oldestUnsealed = Math.min(late.oldest, oldestUnsealed ?? late.oldest)
    }
  }
  return { findings, unsealed, oldestUnsealed }
}

async function next(reader: Reader, after: string): Promise<string | undefined> {
  return (await reader.first(nextWriter, { after }))?.writer
}

interface Rows {
  readonly count: number
  readonly first: number
  readonly oldest: number
}

async function rows(
  reader: Reader,
  range: { writer: string; after: number; last: number },
): Promise<Rows | undefined> {
  const found = await reader.first(rowsOutside, range)
  if (!found || found.first === null || found.oldest === null) return undefined
  return { count: found.count, first: found.first, oldest: found.oldest }
}

function inserted(writer: string, { first, oldest }: Rows): AuditFinding {
  return { kind: 'inserted', event: { writer, sequence: first }, at: oldest, batch: undefined }
}

/** Milliseconds since 1970, by the database's clock. */
async function clock(reader: Reader): Promise<number> {
  return (await reader.first(chain, {}))?.at ?? 0
}
