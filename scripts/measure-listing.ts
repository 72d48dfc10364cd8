import { Database } from 'bun:sqlite'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import {
  accessFacts,
  namedRepositories,
  publicRepositories,
  readableRoots,
  repositoriesInRanges,
} from '../src/metadata/access-queries.ts'
import type { MetadataStore } from '../src/metadata/metadata-store.ts'
import { openPostgresMetadataStore } from '../src/metadata/postgres/postgres-metadata-store.ts'
import { openSqliteMetadataStore } from '../src/metadata/sqlite/sqlite-metadata-store.ts'
import type { DialectName, Statement } from '../src/metadata/statement.ts'

import { optionsFor } from '../test/support/postgres.ts'

/** Measures what it costs to list three visible repositories among a million. */

const { values } = parseArgs({
  options: {
    postgres: { type: 'string' },
    repositories: { type: 'string', default: '1000000' },
    'without-sqlite': { type: 'boolean', default: false },
  },
})
const count = Number(values.repositories)
const rounds = 100

/** Runs SQL beside the store: for filling, and for plans. */
interface Direct {
  run(text: string): Promise<void>
  plan(text: string, parameters: readonly unknown[]): Promise<string[]>
  close(): Promise<void>
}

async function measure(dialect: DialectName, store: MetadataStore, direct: Direct): Promise<void> {
  console.log(`\n${dialect}: ${count.toLocaleString('en-US')} private repositories of others`)
  await fill(dialect, store, direct)
  const by = { user: 'id-alice', organisation: '' }
  const found = await store.listReadable({ by, limit: 100 })
  console.log(`visible: ${found.join(' ')}`)
  if (found.length !== 3) throw new Error('it should be three')
  await timed('first page of the catalog', () => store.listReadable({ by, limit: 101 }))
  await timed('first page, anonymously', () =>
    store.listReadable({ by: { user: '', organisation: '' }, limit: 101 }),
  )
  await timed('facts of one decision', async () => store.accessFacts(question()))
  const page = { after: '', limit: 101 }
  const range = { low: 'alice/', high: 'alice0' }
  await explain(dialect, direct, 'where he may read', readableRoots, by)
  await explain(dialect, direct, 'what is public', publicRepositories, page)
  await explain(dialect, direct, 'what was granted by name', namedRepositories(1), { names: ['n7/r7'] })
  await explain(dialect, direct, 'what lies in a namespace', repositoriesInRanges(1), {
    ...page,
    ranges: [range],
  })
  await explain(dialect, direct, 'facts of one decision', accessFacts, question())
}

let asked = 0

/** Never the same twice: what is kept in memory answers none of them. */
function question() {
  asked += 1
  const namespace = `n${asked % 1000}`
  const rest = { robot: '', accessToken: '', organisation: '' }
  return { ...rest, user: 'id-alice', repository: `${namespace}/r${asked}`, namespace }
}

async function fill(dialect: DialectName, store: MetadataStore, direct: Direct): Promise<void> {
  const user = { email: null, passwordHash: null, admin: false, first: false, invitation: null }
  await store.change('createUser', { ...user, id: 'id-alice', name: 'alice' })
  const numbers =
    dialect === 'sqlite'
      ? `with recursive series (n) as (select 1 union all select n + 1 from series where n < ${count})`
      : `with series (n) as (select generate_series(1, ${count}))`
  const name = "'n' || (n % 1000) || '/r' || n"
  await direct.run(
    `${numbers} insert into repositories (name, created_at, visibility) select ${name}, 0, 'private' from series`,
  )
  const bytes = dialect === 'sqlite' ? "x'7b7d'" : "'\\x7b7d'::bytea"
  await direct.run(
    `${numbers} insert into manifests (repository, digest, media_type, bytes, content_size, pushed_at, confirmed_at) select ${name}, 'sha256:0', 'm', ${bytes}, 0, 0, 0 from series`,
  )
  for (const own of ['alice/app', 'team/app']) {
    await direct.run(
      `insert into repositories (name, created_at, visibility) values ('${own}', 0, 'private')`,
    )
    await direct.run(
      `insert into manifests (repository, digest, media_type, bytes, content_size, pushed_at, confirmed_at) values ('${own}', 'sha256:0', 'm', ${bytes}, 0, 0, 0)`,
    )
  }
  const subject = { subject: 'id-alice', subjectKind: 'user', role: 'read' } as const
  await store.change('setGrant', { ...subject, resourceKind: 'repository', resource: 'n7/r7' })
  await store.change('setGrant', { ...subject, resourceKind: 'namespace', resource: 'team' })
  await direct.run('analyze')
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const since = performance.now()
    await work()
    times.push(performance.now() - since)
  }
  const first = times[0] ?? 0
  times.sort((a, b) => a - b)
  const at = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(2)
  console.log(`${what}: first ${first.toFixed(2)} ms, median ${at(0.5)} ms, 99 % below ${at(0.99)} ms`)
}

async function explain<Arguments>(
  dialect: DialectName,
  direct: Direct,
  what: string,
  statement: Statement<Arguments, unknown>,
  args: Arguments,
): Promise<void> {
  const { sql, values: parameters } = statement.compile(dialect)
  const lines = await direct.plan(sql, parameters(args))
  console.log(`plan, ${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

async function onSqlite(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-listing-'))
  const path = join(directory, 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  const database = new Database(path)
  // They would count and queue each row of the filling, and reads don't need them.
  const triggers = database
    .query<{ name: string }, []>("select name from sqlite_master where type = 'trigger'")
    .all()
  for (const { name } of triggers) database.run(`drop trigger ${name}`)
  await measure('sqlite', store, {
    async run(text) {
      database.run(text)
    },
    plan: async (text, parameters) =>
      database
        .query<{ detail: string }, never[]>(`explain query plan ${text}`)
        .all(...(parameters as never[]))
        .map(({ detail }) => detail),
    close: async () => database.close(),
  })
  database.close()
  await store.close()
  await rm(directory, { recursive: true })
}

async function onPostgres(url: string): Promise<void> {
  const name = `berth_listing_${process.pid}`
  const admin = new Client({ connectionString: url })
  await admin.connect()
  await admin.query(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  const store = await openPostgresMetadataStore(optionsFor(own.href))
  const client = new Client({ connectionString: own.href })
  await client.connect()
  await measure('postgres', store, {
    async run(text) {
      await client.query(text)
    },
    async plan(text, parameters) {
      const { rows } = await client.query(`explain (analyze, costs off, timing off) ${text}`, [...parameters])
      return rows.map((row: { 'QUERY PLAN': string }) => row['QUERY PLAN'])
    },
    close: () => client.end(),
  })
  await client.end()
  await store.close()
  await admin.query(`drop database ${name}`)
  await admin.end()
}

if (!values['without-sqlite']) await onSqlite()
if (values.postgres) await onPostgres(values.postgres)
else console.log('\nPostgreSQL: not measured; --postgres URL names a server to measure it on')
