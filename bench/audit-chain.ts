/**
 * Writes an audit log of a million events as servers do, verifies it, and then tampers with it in five ways, each on what
 * the one before left whole again. `bun run bench/audit-chain.ts [EVENTS]`; on PostgreSQL where BERTH_TEST_POSTGRES names one.
 */
import { parseArgs } from 'node:util'
import type { AuditEntry } from '../src/metadata/audit/entry.ts'
import type { AuditKey, AuditVerification, MetadataStore } from '../src/metadata/metadata-store.ts'
import { rawPostgres, rawSqlite } from '../test/support/raw-database.ts'

const { positionals } = parseArgs({ allowPositionals: true })
const wanted = Number(positionals[0] ?? 1_000_000)
const server = process.env.BERTH_TEST_POSTGRES
const database = await (server ? rawPostgres(server) : rawSqlite())

const entryOf = (number: number): AuditEntry => ({
  who: `user${number % 1000}`,
  kind: 'user',
  account: `account-${number % 1000}`,
  token: number % 3 === 0 ? `token-${number % 3000}` : null,
  address: `192.0.2.${number % 250}`,
  request: `0a1b2c3d-${number.toString(36)}`,
  action: number % 10 === 0 ? 'manifest:push' : 'blob:pull',
  repository: `team/app${number % 5000}`,
  digest: `sha256:${number.toString(16).padStart(64, '0')}`,
  subject: null,
  detail:
    number % 10 === 0 ? '{"mediaType":"application/vnd.oci.image.manifest.v1+json","tags":["v1"]}' : null,
  outcome: number % 1000 === 0 ? 'denied' : 'done',
  age: wanted - number,
  firstAge: null,
  count: 1,
})

let store = await database.open()
await timed(`wrote ${wanted.toLocaleString('en-US')} events`, async () => {
  for (let from = 0; from < wanted; from += 500) {
    const entries = Array.from({ length: Math.min(500, wanted - from) }, (_, index) => entryOf(from + index))
    await store.change('recordAudit', { entries })
  }
  await store.close()
})

store = await database.open()
await verified('as it was written')
await listed(store)

const chosen = await database.run<{ writer: string; sequence: number }>(
  'select writer, sequence from audit_events order by writer, sequence limit 2 offset $1',
  Math.floor(wanted / 2),
)
const [a, b] = chosen.map(({ writer, sequence }) => ({ writer, sequence: Number(sequence) }))
if (!a || !b) throw new Error('there are too few events')

await tampered(
  'one row changed',
  "update audit_events set who = 'mallory' where writer = $1 and sequence = $2",
  "update audit_events set who = 'user' || ((sequence - 1) % 1000) where writer = $1 and sequence = $2",
)
await tampered(
  'one row removed',
  'update audit_events set writer = writer || $3 where writer = $1 and sequence = $2',
  'update audit_events set writer = $1 where writer = $1 || $3 and sequence = $2',
  '-moved',
)
await swapped()
await inserted()
await cutOff()
await store.close()
await database.drop()

/** What is undone afterwards. */
async function tampered(what: string, change: string, back: string, more?: string): Promise<void> {
  const values = [a?.writer ?? '', a?.sequence ?? 0, ...(more === undefined ? [] : [more])]
  await database.run(change, ...values)
  await verified(what)
  await database.run(back, ...values)
}

async function swapped(): Promise<void> {
  const exchange = async () => {
    for (const [from, to] of [
      [a?.sequence ?? 0, -1],
      [b?.sequence ?? 0, a?.sequence ?? 0],
      [-1, b?.sequence ?? 0],
    ])
      await database.run(
        'update audit_events set sequence = $3 where writer = $1 and sequence = $2',
        a?.writer ?? '',
        from ?? 0,
        to ?? 0,
      )
  }
  await exchange()
  await verified('two rows exchanged')
  await exchange()
}

async function inserted(): Promise<void> {
  await database.run(
    `insert into audit_events select writer, $2 + 5000000, at, since, 'mallory', kind, account, token, address, request,
     action, repository, digest, subject, detail, outcome, count from audit_events where writer = $1 and sequence = $2`,
    a?.writer ?? '',
    a?.sequence ?? 0,
  )
  await verified('one row inserted')
  await database.run('delete from audit_events where writer = $1 and sequence > 5000000', a?.writer ?? '')
}

/** The last batch with its rows, and the place where the end is on record: only an anchor tells. */
async function cutOff(): Promise<void> {
  const head = await store.auditHead()
  if (!head) throw new Error('there is no chain')
  const [last, before] = await database.run<{
    number: number
    hash: string
    writer: string
    after_sequence: number
  }>(
    'select number, hash, writer, after_sequence from audit_batches where count > 0 order by number desc limit 2',
  )
  if (!last || !before) throw new Error('there are too few batches')
  await database.run(
    'delete from audit_events where writer = $1 and sequence > $2',
    last.writer,
    Number(last.after_sequence),
  )
  await database.run('delete from audit_batches where number >= $1', Number(last.number))
  await database.run('update audit_chain set number = $1, hash = $2', Number(before.number), before.hash)
  await verified('the end cut off and its place moved, without an anchor')
  await verified('the same, with an anchor', head)
}

async function verified(what: string, anchor?: { number: number; hash: string }): Promise<AuditVerification> {
  let highest = 0
  const memory = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }, 50)
  const started = performance.now()
  const before = process.cpuUsage()
  const verification = await store.verifyAudit(anchor ? { anchors: [anchor] } : {})
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(before)
  clearInterval(memory)
  const { events, batches, findings } = verification
  const said = findings.length === 0 ? 'whole' : JSON.stringify(findings.slice(0, 2))
  console.log(
    `${what}: ${events.toLocaleString('en-US')} events in ${batches} batches verified in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of processor time), at most ${Math.round(highest / 2 ** 20)} MiB resident: ${said}`,
  )
  return verification
}

async function listed(from: MetadataStore): Promise<void> {
  const keys: AuditKey[] = [
    { by: 'time' },
    { by: 'who', value: 'user7' },
    { by: 'action', value: 'manifest:push' },
    { by: 'repository', value: 'team/app7' },
    { by: 'outcome', value: 'denied' },
  ]
  for (const key of keys) {
    const behind = { at: Number.MAX_SAFE_INTEGER, writer: '', sequence: 0 }
    const slice = { key, order: 'newest' as const, behind, end: 0, limit: 100 }
    await from.listAudit(slice)
    const started = performance.now()
    const rows = await from.listAudit(slice)
    console.log(`100 by ${key.by}: ${rows.length} in ${(performance.now() - started).toFixed(2)} ms`)
  }
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const started = performance.now()
  await work()
  console.log(`${what} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
