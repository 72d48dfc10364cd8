/**
 * The thread that owns SQLite's writing connection. Requests that arrive while one transaction syncs share the next
 * one: many clients, one sync.
 */
import { Database } from 'bun:sqlite'
import { RegistryError } from '../../oci/errors.ts'
import { AuditSealer } from '../audit/sealer.ts'
import { AuditWriter, type Records } from '../audit/writer.ts'
import type { AuditState } from '../audit-store.ts'
import { makeChange } from '../changes/make-change.ts'
import { requireWritable } from '../changes/while-read-only.ts'
import type { Transaction } from '../engine.ts'
import { migrate } from '../migrations/migrate.ts'
import { configureConnection } from './connection.ts'
import { Journal } from './journal/journal.ts'
import { sqliteTransaction } from './transaction.ts'
import type {
  Batch,
  ChangeOutcome,
  FromWriter,
  JournalTold,
  Open,
  Told,
  ToWriter,
} from './writer-protocol.ts'

declare const self: Worker

let database: Database | undefined
let journal: Journal | undefined
const audit = new AuditWriter()
let sealer: AuditSealer | undefined

self.onmessage = async ({ data }: MessageEvent<ToWriter>) => {
  switch (data.type) {
    case 'open':
      return reply(await open(data))
    case 'batch':
      reply(await commit(data))
      return journal?.committed()
    case 'close':
      await sealer?.close()
      await journal?.close()
      database?.close()
      return reply({ type: 'closed' })
  }
}

function reply(message: FromWriter | Told): void {
  self.postMessage(message)
}

async function open({ path, berth, journal: directory }: Open): Promise<FromWriter> {
  try {
    database = new Database(path, { create: true, readwrite: true })
    configureConnection(database)
    database.run('PRAGMA synchronous = FULL')
    configureWriter(database)
    database.run('BEGIN IMMEDIATE')
    try {
      await migrate(sqliteTransaction(database), berth)
      database.run('COMMIT')
    } catch (error) {
      database.run('ROLLBACK')
      throw error
    }
    if (directory !== null) {
      const report = (state: JournalTold['state']) => reply({ type: 'journal', state })
      journal = new Journal({ database, directory, berth, report })
    }
    const told = (state: AuditState) => reply({ type: 'audit', state })
    sealer = new AuditSealer({ writer: audit, transaction: inTransaction, told })
    return { type: 'opened' }
  } catch (error) {
    database?.close()
    return { type: 'refused', ...describe(error) }
  }
}

/**
 * A push changes pages all over the trees of digests. A checkpoint writes each of them once, however often it changed
 * since the last one, so that fewer checkpoints write less; but whoever commits then waits for all of them.
 */
function configureWriter(db: Database): void {
  db.run('PRAGMA wal_autocheckpoint = 2000')
  db.run('PRAGMA cache_size = -16384')
}

async function commit(batch: Batch): Promise<FromWriter> {
  const db = database
  if (!db) throw new Error('the writer got a batch before it was opened')
  const recorded: Records[] = []
  try {
    db.run(batch.sync ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL')
    db.run('BEGIN IMMEDIATE')
    const tx = sqliteTransaction(db)
    const outcomes: ChangeOutcome[] = []
    for (const order of batch.changes) {
      db.run('SAVEPOINT change')
      const records = audit.begin()
      recorded.push(records)
      try {
        await requireWritable(tx, order.name)
        outcomes.push({ ok: true, result: await makeChange({ ...tx, audit: records }, order) })
      } catch (error) {
        // For some errors, a full disk among them, SQLite undoes everything by itself.
        if (!db.inTransaction) throw error
        db.run('ROLLBACK TO change')
        records.undone()
        outcomes.push({ ok: false, ...describe(error) })
      }
      db.run('RELEASE change')
    }
    db.run('COMMIT')
    for (const records of recorded) records.committed()
    sealer?.touched()
    return { type: 'committed', outcomes }
  } catch (error) {
    if (db.inTransaction) db.run('ROLLBACK')
    for (const records of recorded) records.undone()
    return { type: 'failed', ...describe(error) }
  }
}

/** For what the thread does by itself; durable when it resolves. */
async function inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
  const db = database
  if (!db) throw new Error('the database is not open')
  db.run('PRAGMA synchronous = FULL')
  db.run('BEGIN IMMEDIATE')
  try {
    const result = await work(sqliteTransaction(db))
    db.run('COMMIT')
    return result
  } catch (error) {
    if (db.inTransaction) db.run('ROLLBACK')
    throw error
  }
}

function describe(error: unknown): { code: string; message: string; detail?: unknown } {
  if (error instanceof RegistryError)
    return { code: error.code, message: error.message, detail: error.detail }
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return { code, message: error.message }
}
