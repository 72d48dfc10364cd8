import { afterEach, describe, expect, test } from 'bun:test'
import { postgresServer, requirePostgres } from '../../../test/support/postgres.ts'
import { type RawDatabase, rawPostgres, rawSqlite } from '../../../test/support/raw-database.ts'
import type { AuditBatchRow, AuditEventRow } from '../audit-schema.ts'
import type { AuditAnchor, AuditVerification } from '../metadata-store.ts'
import { hashOfBatch, packEntries, unpackEntries } from './batch.ts'
import { hashOfEvent } from './entry.ts'

const engines: Record<string, () => Promise<RawDatabase>> = { SQLite: rawSqlite }
const server = postgresServer
if (requirePostgres('tampering with an audit log') && server) engines.PostgreSQL = () => rawPostgres(server)

const opened: RawDatabase[] = []
afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop()
})

describe.each(Object.entries(engines))('an audit log in %s', (_, make) => {
  /** A registry that ran three times, each with twenty events. */
  async function written(): Promise<{ database: RawDatabase; head: AuditAnchor; writers: string[] }> {
    const database = await make()
    opened.push(database)
    const writers: string[] = []
    for (let run = 0; run < 3; run += 1) {
      const store = await database.open()
      for (let number = 0; number < 20; number += 1) {
        await store.change('setState', { key: 'read-only', value: number % 2 === 0 ? '{}' : null })
      }
      await store.close()
      const [last] = await database.run<{ writer: string }>(
        'select writer from audit_batches order by number desc limit 1',
      )
      writers.push(last?.writer ?? '')
    }
    const store = await database.open()
    const head = await store.auditHead()
    await store.close()
    if (!head) throw new Error('nothing was sealed')
    return { database, head, writers }
  }

  async function verified(database: RawDatabase, anchors?: AuditAnchor[]): Promise<AuditVerification> {
    const store = await database.open()
    try {
      return await store.verifyAudit(anchors ? { anchors } : {})
    } finally {
      await store.close()
    }
  }

  const eventOf = async (database: RawDatabase, writer: string, sequence: number) => {
    const [row] = await database.run<AuditEventRow>(
      'select * from audit_events where writer = $1 and sequence = $2',
      writer,
      sequence,
    )
    if (!row) throw new Error('there is no such event')
    return plain(row)
  }

  test('is whole as it was written, with every event in a batch', async () => {
    const { database, head } = await written()
    expect(await verified(database, [head])).toMatchObject({
      events: 60,
      unsealed: 0,
      head,
      anchors: 1,
      findings: [],
    })
  })

  test.each([
    ['who', "update audit_events set who = 'somebody else'"],
    ['when', 'update audit_events set at = at - 1'],
    ['how often', 'update audit_events set count = 7'],
    ['what came of it', "update audit_events set outcome = 'failed'"],
  ])('names the event of which somebody changed %s', async (_what, text) => {
    const { database, writers } = await written()
    const writer = writers[1] ?? ''
    await database.run(`${text} where writer = $1 and sequence = 7`, writer)
    const { findings } = await verified(database)
    expect(findings).toMatchObject([{ kind: 'changed', event: { writer, sequence: 7 } }])
  })

  test('names the events that were removed, the first of them first', async () => {
    const { database, writers } = await written()
    const writer = writers[0] ?? ''
    await database.run('delete from audit_events where writer = $1 and sequence in (3, 20)', writer)
    const { findings } = await verified(database)
    expect(findings).toMatchObject([
      { kind: 'removed', event: { writer, sequence: 3 } },
      { kind: 'removed', event: { writer, sequence: 20 } },
    ])
  })

  test.each([
    ['behind the last of a writer that ended', 500],
    ['before the first', 0],
  ])('names an event that was inserted %s', async (_where, sequence) => {
    const { database, writers } = await written()
    const writer = writers[1] ?? ''
    await insert(database, { writer, sequence }, "'mallory'")
    expect((await verified(database)).findings).toMatchObject([
      { kind: 'inserted', event: { writer, sequence } },
    ])
  })

  test('names an event of a writer that the chain does not know', async () => {
    const { database, writers } = await written()
    await insert(database, { writer: writers[0] ?? '', sequence: 1 }, "'mallory'", "'0000000000000000'")
    await database.run("update audit_events set at = at - 3600000 where writer = '0000000000000000'")
    expect((await verified(database)).findings).toMatchObject([
      { kind: 'inserted', event: { writer: '0000000000000000', sequence: 1 }, batch: undefined },
    ])
  })

  test('names both of two events that changed places', async () => {
    const { database, writers } = await written()
    const writer = writers[1] ?? ''
    await database.run('update audit_events set sequence = 99 where writer = $1 and sequence = 4', writer)
    await database.run('update audit_events set sequence = 4 where writer = $1 and sequence = 5', writer)
    await database.run('update audit_events set sequence = 5 where writer = $1 and sequence = 99', writer)
    expect((await verified(database)).findings).toMatchObject([
      { kind: 'changed', event: { writer, sequence: 4 } },
      { kind: 'changed', event: { writer, sequence: 5 } },
    ])
  })

  test('tells a batch that was removed, with its events or without', async () => {
    const { database } = await written()
    const [batch] = await database.run<AuditBatchRow>(
      'select * from audit_batches where count > 0 order by number',
    )
    const number = Number(batch?.number)
    await database.run('delete from audit_batches where number = $1', number)
    expect((await verified(database)).findings).toContainEqual({ kind: 'batch-removed', batch: number })
  })

  test('tells an end that was removed, unless the place of the end was moved too: then anchors tell', async () => {
    const { database, head } = await written()
    await database.run(
      'delete from audit_events where writer = (select writer from audit_batches where number = $1)',
      head.number,
    )
    await database.run(
      'delete from audit_batches where writer = (select writer from audit_batches where number = $1)',
      head.number,
    )
    expect((await verified(database)).findings).toMatchObject([{ kind: 'end-removed', said: head }])
    const [last] = await database.run<AuditAnchor>(
      'select number, hash from audit_batches order by number desc limit 1',
    )
    await database.run(
      'update audit_chain set number = $1, hash = $2',
      Number(last?.number),
      last?.hash ?? '',
    )
    expect((await verified(database)).findings).toEqual([])
    expect((await verified(database, [head])).findings).toEqual([{ kind: 'not-the-anchor', anchor: head }])
  })

  test('tells an end of the chain that was set back', async () => {
    const { database } = await written()
    await database.run("update audit_chain set number = 0, hash = ''")
    expect((await verified(database)).findings).toContainEqual(
      expect.objectContaining({ kind: 'end-removed' }),
    )
  })

  test('tells the batch whose hashes were made anew for a changed event', async () => {
    const { database, writers } = await written()
    const writer = writers[0] ?? ''
    const batch = await rehash(database, writer, 9)
    await database.run('update audit_batches set entries = $1 where number = $2', batch.entries, batch.number)
    expect((await verified(database)).findings).toEqual([{ kind: 'batch-changed', batch: batch.number }])
    // With the hash of the batch itself, it is the next that does not fit.
    await database.run(
      'update audit_batches set hash = $1 where number = $2',
      hashOfBatch(batch),
      batch.number,
    )
    expect((await verified(database)).findings).toEqual([{ kind: 'batch-changed', batch: batch.number + 1 }])
  })

  test('tells by an anchor that the whole chain was made anew', async () => {
    const { database, head, writers } = await written()
    await rehashAll(database, await rehash(database, writers[0] ?? '', 9))
    expect((await verified(database)).findings).toEqual([])
    expect((await verified(database, [head])).findings).toEqual([{ kind: 'not-the-anchor', anchor: head }])
  })

  test('tells a beginning that was removed by another than retention', async () => {
    const { database } = await written()
    const [second] = await database.run<AuditAnchor>(
      'select number, hash from audit_batches where number = 2',
    )
    await database.run(
      'delete from audit_events where writer = (select writer from audit_batches where number = 1)',
    )
    await database.run('delete from audit_batches where number <= 2')
    await database.run('update audit_chain set trimmed = 2, trimmed_hash = $1', second?.hash ?? '')
    expect((await verified(database)).findings).toEqual([
      { kind: 'beginning-removed', trimmed: { number: 2, hash: second?.hash ?? '' } },
    ])
  })

  test('is whole after retention removed what is old, and tells an event that was put before the rest', async () => {
    const { database, head, writers } = await written()
    const store = await database.open()
    await Bun.sleep(5)
    expect(await store.change('trimAudit', { age: 3_600_000, limit: 2 })).toBeUndefined()
    expect(await store.change('trimAudit', { age: 1, limit: 2 })).toMatchObject({ number: 2, events: 20 })
    await store.close()
    expect(await verified(database, [head])).toMatchObject({ events: 41, anchors: 1, findings: [] })
    await insert(database, { writer: writers[1] ?? '', sequence: 1 }, "'mallory'", `'${writers[0]}'`)
    await database.run('update audit_events set at = at - 3600000 where writer = $1', writers[0] ?? '')
    expect((await verified(database)).findings).toMatchObject([{ kind: 'inserted' }])
  })

  async function insert(
    database: RawDatabase,
    { writer, sequence }: { writer: string; sequence: number },
    who: string,
    as = `'${writer}'`,
  ): Promise<void> {
    await database.run(
      `insert into audit_events select ${as}, $1, at, since, ${who}, kind, account, token, address, request, action,
       repository, digest, subject, detail, outcome, count from audit_events where writer = $2 and sequence = 2`,
      sequence,
      writer,
    )
  }

  /** Changes an event, and the hash that its batch has of it. */
  async function rehash(database: RawDatabase, writer: string, sequence: number): Promise<AuditBatchRow> {
    await database.run(
      "update audit_events set who = 'mallory' where writer = $1 and sequence = $2",
      writer,
      sequence,
    )
    const changed = await eventOf(database, writer, sequence)
    const [row] = await database.run<AuditBatchRow>(
      'select * from audit_batches where writer = $1 and last_sequence >= $2 and after_sequence < $2',
      writer,
      sequence,
    )
    if (!row) throw new Error('no batch has the event')
    const batch = { ...plain(row), entries: new Uint8Array(row.entries) }
    const said = unpackEntries(batch.entries, { after: batch.after_sequence, count: batch.count }) ?? []
    const entries = said.map((entry) =>
      entry.sequence === sequence ? { ...entry, hash: hashOfEvent(changed) } : entry,
    )
    return { ...batch, entries: packEntries(entries, batch.after_sequence) }
  }

  async function rehashAll(database: RawDatabase, from: AuditBatchRow): Promise<void> {
    const rows = await database.run<AuditBatchRow>('select * from audit_batches order by number')
    let previous = from.previous
    let hash = ''
    for (const row of rows) {
      if (Number(row.number) < from.number) continue
      const batch =
        Number(row.number) === from.number ? from : { ...plain(row), entries: new Uint8Array(row.entries) }
      hash = hashOfBatch({ ...batch, previous })
      await database.run(
        'update audit_batches set previous = $1, hash = $2, entries = $3 where number = $4',
        previous,
        hash,
        batch.entries,
        batch.number,
      )
      previous = hash
    }
    await database.run('update audit_chain set hash = $1', hash)
  }
})

/** Whole numbers come as text from a driver that was told nothing else. */
function plain<Row extends object>(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      /^(sequence|at|since|count|number|after_sequence|last_sequence|ended)$/.test(key) && value !== null
        ? Number(value)
        : value,
    ]),
  ) as Row
}
