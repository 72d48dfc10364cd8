import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import type { Transaction } from '../engine.ts'
import { migrate } from '../migrations/migrate.ts'
import { sqliteTransaction } from '../sqlite/transaction.ts'
import { adoptRows } from './adopt.ts'
import type { AuditEntry } from './entry.ts'
import { verifyAudit } from './verify.ts'
import { AuditWriter, type Records } from './writer.ts'

const entry: AuditEntry = {
  who: 'alice',
  kind: 'user',
  account: null,
  token: null,
  address: null,
  request: null,
  action: 'tag:set',
  repository: 'team/app',
  digest: null,
  subject: null,
  detail: null,
  outcome: 'done',
  age: 0,
  firstAge: null,
  count: 1,
}

async function database(): Promise<{ database: Database; tx: Transaction }> {
  const opened = new Database(':memory:')
  const tx = sqliteTransaction(opened)
  await migrate(tx, '0.1.0')
  return { database: opened, tx }
}

async function record(tx: Transaction, writer: AuditWriter, count = 1): Promise<Records> {
  const records = writer.begin()
  await records.record(tx, Array<AuditEntry>(count).fill(entry))
  return records
}

async function seal(tx: Transaction, writer: AuditWriter, options = {}): Promise<void> {
  const done = await writer.seal(tx, options)
  done?.()
}

test('a transaction that did not take place leaves a gap, in which a row of another is found', async () => {
  const { database: raw, tx } = await database()
  const writer = new AuditWriter()
  ;(await record(tx, writer)).committed()
  const failed = await record(tx, writer)
  raw.run('delete from audit_events where sequence = 2')
  failed.undone()
  ;(await record(tx, writer)).committed()
  await seal(tx, writer)
  expect(await verifyAudit(tx, {})).toMatchObject({ events: 2, findings: [] })
  raw.run(
    "insert into audit_events select writer, 2, at, since, 'mallory', kind, account, token, address, request, action, repository, digest, subject, detail, outcome, count from audit_events where sequence = 1",
  )
  expect((await verifyAudit(tx, {})).findings).toMatchObject([
    { kind: 'inserted', event: { sequence: 2 }, batch: 2 },
  ])
})

test('nothing is sealed behind a row whose transaction is under way', async () => {
  const { tx } = await database()
  const writer = new AuditWriter()
  const first = await record(tx, writer)
  const second = await record(tx, writer, 2)
  first.committed()
  const third = await record(tx, writer)
  third.committed()
  await seal(tx, writer)
  expect(await verifyAudit(tx, {})).toMatchObject({ events: 1, unsealed: 3 })
  second.committed()
  await seal(tx, writer)
  expect(await verifyAudit(tx, {})).toMatchObject({ events: 4, unsealed: 0, findings: [] })
})

test('a row of which nobody knows whether it was written may be there or not, but not be another', async () => {
  const { database: raw, tx } = await database()
  const writer = new AuditWriter()
  ;(await record(tx, writer)).committed()
  ;(await record(tx, writer)).doubtful()
  ;(await record(tx, writer)).doubtful()
  raw.run('delete from audit_events where sequence = 3')
  await seal(tx, writer)
  expect((await verifyAudit(tx, {})).findings).toEqual([])
  raw.run("update audit_events set who = 'mallory' where sequence = 2")
  expect((await verifyAudit(tx, {})).findings).toMatchObject([{ kind: 'changed', event: { sequence: 2 } }])
})

test('what is changed between a commit and its sealing is found', async () => {
  const { database: raw, tx } = await database()
  const writer = new AuditWriter()
  ;(await record(tx, writer, 3)).committed()
  raw.run("update audit_events set who = 'mallory' where sequence = 2")
  await seal(tx, writer)
  expect((await verifyAudit(tx, {})).findings).toMatchObject([{ kind: 'changed', event: { sequence: 2 } }])
})

test('a batch whose answer was lost is not sealed twice', async () => {
  const { tx } = await database()
  const writer = new AuditWriter()
  ;(await record(tx, writer, 3)).committed()
  await writer.seal(tx)
  await seal(tx, writer)
  await seal(tx, writer)
  expect(await verifyAudit(tx, {})).toMatchObject({ batches: 2, events: 3, findings: [] })
  expect(writer.waiting).toBe(0)
})

test('more rows than one batch holds make several', async () => {
  const { tx } = await database()
  const writer = new AuditWriter()
  ;(await record(tx, writer, 2500)).committed()
  while (writer.waiting > 0) await seal(tx, writer)
  await seal(tx, writer, { ending: true })
  expect(await verifyAudit(tx, {})).toMatchObject({ batches: 5, events: 2500, unsealed: 0, findings: [] })
})

test('the rows of a writer that fell silent are sealed by another, and it goes on under a new name', async () => {
  const { database: raw, tx } = await database()
  let now = 0
  const writer = new AuditWriter(() => now)
  ;(await record(tx, writer, 3)).committed()
  expect(await adoptRows(tx)).toBe(false)
  raw.run('update audit_writers set seen_at = seen_at - 400000')
  expect(await adoptRows(tx)).toBe(true)
  expect(await adoptRows(tx)).toBe(false)
  expect(await verifyAudit(tx, {})).toMatchObject({ events: 3, unsealed: 0, findings: [] })
  now += 300_000
  ;(await record(tx, writer, 2)).committed()
  await seal(tx, writer)
  expect(await verifyAudit(tx, {})).toMatchObject({ events: 5, unsealed: 0, findings: [] })
  expect(raw.query('select distinct writer from audit_events').all()).toHaveLength(2)
})

test('a writer that finds itself ended leaves nothing that another took for ended', async () => {
  const { database: raw, tx } = await database()
  const writer = new AuditWriter()
  ;(await record(tx, writer)).committed()
  raw.run('update audit_writers set seen_at = seen_at - 400000')
  await adoptRows(tx)
  await writer.showUp(tx)
  ;(await record(tx, writer)).committed()
  await seal(tx, writer)
  expect(await verifyAudit(tx, {})).toMatchObject({ events: 2, unsealed: 0, findings: [] })
})

test('a writer tells when what it added to the chain is gone', async () => {
  const { database: raw, tx } = await database()
  const writer = new AuditWriter()
  ;(await record(tx, writer)).committed()
  await seal(tx, writer)
  const { head } = writer
  raw.run('delete from audit_batches where number > 1')
  raw.run('update audit_chain set number = 1, hash = (select hash from audit_batches)')
  ;(await record(tx, writer)).committed()
  await seal(tx, writer)
  expect(writer.lost).toEqual(head as never)
})
