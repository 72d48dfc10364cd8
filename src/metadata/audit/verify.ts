import type { AuditBatchRow } from '../audit-schema.ts'
import type {
  AuditAnchor,
  AuditFinding,
  AuditVerification,
  AuditVerificationOptions,
} from '../audit-store.ts'
import type { Reader } from '../engine.ts'
import { hashOfBatch } from './batch.ts'
import { batchesBehind, batchHash, chain, lastBatch, lastTrim } from './read-statements.ts'
import { compareRows } from './verify-rows.ts'
import { lookOutside } from './verify-writers.ts'

/** Beyond, more of them tell nothing new. */
const mostFindings = 100
/** Batches that are read at once; each has up to 37 KB. */
const together = 20

/** Reads every batch and every row, and compares each with its hash. Memory stays as it is, however many there are. */
export async function verifyAudit(
  reader: Reader,
  { anchors = [], progress }: AuditVerificationOptions,
): Promise<AuditVerification> {
  const beginning = await chainOf(reader)
  const { head } = beginning
  const findings: AuditFinding[] = []
  const add = (...found: readonly AuditFinding[]) =>
    findings.push(...found.slice(0, Math.max(mostFindings - findings.length, 0)))
  let before = beginning.trimmed
  let [batches, events] = [0, 0]
  while (before.number < head.number) {
    const page = await reader.all(batchesBehind, {
      after: before.number,
      last: head.number,
      limit: together,
    })
    for (const batch of page) {
      const trimmed = batch.number > before.number + 1 ? (await chainOf(reader)).trimmed : before
      // Retention may have taken it away since.
      if (trimmed.number > before.number) before = trimmed
      const found = await findingsOf(reader, { batch, before })
      if (found.length > 0 && batch.number <= (await chainOf(reader)).trimmed.number) {
        before = { number: batch.number, hash: batch.hash }
        continue
      }
      add(...found)
      batches += 1
      events += batch.count
      before = { number: batch.number, hash: batch.hash }
    }
    progress?.(before.number - beginning.trimmed.number, head.number - beginning.trimmed.number)
    if (page.length === 0) break
  }
  // In this order: a batch that is added in between is one that the chain knows.
  const last = await reader.first(lastBatch, {})
  const { trimmed, head: end } = await chainOf(reader)
  if (before.number < head.number && trimmed.number < head.number)
    add({ kind: 'end-removed', said: head, found: before })
  else if (before.hash !== head.hash) add({ kind: 'end-removed', said: head, found: before })
  if (last && last.number > end.number) add({ kind: 'end-removed', said: last, found: end })
  const compared = await compareAnchors(reader, { anchors, trimmed, add })
  if (!(await beginsWhereTrimmed(reader, trimmed))) add({ kind: 'beginning-removed', trimmed })
  const outside = await lookOutside(reader)
  add(...outside.findings)
  return {
    batches,
    events,
    unsealed: outside.unsealed,
    oldestUnsealed: outside.oldestUnsealed,
    head,
    trimmed,
    anchors: compared,
    findings,
  }
}

interface ChainEnds {
  readonly head: AuditAnchor
  readonly trimmed: AuditAnchor
}

async function chainOf(reader: Reader): Promise<ChainEnds> {
  const row = await reader.first(chain, {})
  return {
    head: { number: row?.number ?? 0, hash: row?.hash ?? '' },
    trimmed: { number: row?.trimmed ?? 0, hash: row?.trimmed_hash ?? '' },
  }
}

async function findingsOf(
  reader: Reader,
  { batch, before }: { batch: AuditBatchRow; before: AuditAnchor },
): Promise<AuditFinding[]> {
  const findings: AuditFinding[] = []
  for (let number = before.number + 1; number < batch.number && findings.length < mostFindings; number += 1)
    findings.push({ kind: 'batch-removed', batch: number })
  const follows = batch.number > before.number + 1 || batch.previous === before.hash
  if (hashOfBatch(batch) !== batch.hash || !follows)
    findings.push({ kind: 'batch-changed', batch: batch.number })
  findings.push(...(await compareRows(reader, batch)))
  return findings
}

interface AnchorsToCompare {
  readonly anchors: readonly AuditAnchor[]
  readonly trimmed: AuditAnchor
  add(finding: AuditFinding): void
}

/** @returns how many could be compared */
async function compareAnchors(reader: Reader, { anchors, trimmed, add }: AnchorsToCompare): Promise<number> {
  let compared = 0
  for (const anchor of anchors) {
    if (anchor.number < trimmed.number) continue
    compared += 1
    const hash =
      anchor.number === trimmed.number
        ? trimmed.hash
        : (await reader.first(batchHash, { number: anchor.number }))?.hash
    if (hash !== anchor.hash) add({ kind: 'not-the-anchor', anchor })
  }
  return compared
}

/** Retention itself says in the chain from where on it left things. */
async function beginsWhereTrimmed(reader: Reader, trimmed: AuditAnchor): Promise<boolean> {
  if (trimmed.number === 0) return true
  const said = JSON.parse((await reader.first(lastTrim, {}))?.detail ?? '{}') as Partial<AuditAnchor>
  return said.number === trimmed.number && said.hash === trimmed.hash
}
