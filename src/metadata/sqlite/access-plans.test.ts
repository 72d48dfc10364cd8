import { Database } from 'bun:sqlite'
import { beforeAll, describe, expect, test } from 'bun:test'
import * as queries from '../access-queries.ts'
import { accessReads } from '../access-reads.ts'
import type { Reader } from '../engine.ts'
import { migrate } from '../migrations/migrate.ts'
import type { Statement } from '../statement.ts'
import { sqliteReader, sqliteTransaction } from './transaction.ts'

const database = new Database(':memory:')
/** Of each kind: single repositories, and whole namespaces. */
const many = 2000

const numbered = (prefix: string, suffix: string) =>
  `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${many - 1})
   select '${prefix}' || printf('%05d', i) || '${suffix}' as name from n`

beforeAll(async () => {
  await migrate(sqliteTransaction(database), '0.1.0')
  const grant = (kind: string) => `'alice', 'user', '${kind}', name, 'read'`
  for (const names of [numbered('single', '/app'), numbered('whole', '/app')]) {
    database.run(`insert into repositories (name, created_at) select name, 1 from (${names})`)
    database.run(`insert into manifests (repository, digest, media_type, bytes, content_size, pushed_at, confirmed_at)
      select name, 'sha256:0', 'm', x'00', 0, 1, 1 from (${names})`)
  }
  database.run(`insert into grants select ${grant('repository')} from (${numbered('single', '/app')})`)
  database.run(`insert into grants select ${grant('namespace')} from (${numbered('whole', '')})`)
})

function planOf<A extends object>(statement: Statement<A, unknown>, args: A): string[] {
  const { sql, values } = statement.compile('sqlite')
  const asked = database.query<{ detail: string }, string[]>(`explain query plan ${sql}`)
  return asked.all(...(values(args) as string[])).map(({ detail }) => detail)
}

const range = { low: 'a/', high: 'a0' }
const search = { pattern: '%a%', term: 'a', limit: 10 }
const nobody = { robot: '', accessToken: '', organisation: '' }

const plans: readonly [string, () => string[]][] = [
  [
    'a decision',
    () => planOf(queries.accessFacts, { ...nobody, user: 'u', repository: 'a/b', namespace: 'a' }),
  ],
  ['where a caller may read', () => planOf(queries.readableRoots, { user: 'u', organisation: '' })],
  ['whole namespaces', () => planOf(queries.repositoriesInRanges(1), { ranges: [range], limit: 10 })],
  ['a search in namespaces', () => planOf(queries.matchesInRanges(1), { ...search, ranges: [range] })],
  ['single repositories', () => planOf(queries.namedRepositories(1), { names: ['a/b'] })],
  ['what is public', () => planOf(queries.publicRepositories, { after: '', limit: 10 })],
  ['a search of what is public', () => planOf(queries.publicSearch, search)],
]

describe('what a caller sees', () => {
  test.each(plans)('%s is found by an index, not by a look at all', (_, plan) => {
    const steps = plan()
    expect(steps.some((step) => step.startsWith('SEARCH'))).toBe(true)
    // Of the one row of access_state, of what was found already, and of constants there is nothing to search.
    const scanned = steps.filter((step) => /^SCAN (?!access_state|range|CONSTANT ROW)/.test(step))
    expect(scanned).toEqual([])
  })

  test('stops where the page is full, however much the caller was granted', async () => {
    let asked = 0
    const reader = sqliteReader(database)
    const counting: Reader = {
      ...reader,
      all(statement, args) {
        asked += 1
        return reader.all(statement, args)
      },
    }
    const reads = accessReads(counting)
    const by = { user: 'alice', organisation: '' }
    const questions = async (ask: () => Promise<readonly string[]>, first: string, length = 20) => {
      asked = 0
      const names = await ask()
      expect([names[0], names.length]).toEqual([first, length])
      return asked
    }
    const limit = 20
    const page = { by, limit }
    expect(await questions(() => reads.listReadable(page), 'single00000/app')).toBeLessThan(6)
    const after = 'single01999/app'
    expect(await questions(() => reads.listReadable({ ...page, after }), 'whole00000/app')).toBeLessThan(6)
    expect(
      await questions(() => reads.searchReadable({ ...page, term: 'app' }), 'single00000/app'),
    ).toBeLessThan(6)
    const exact = { ...page, term: 'whole01999/app' }
    expect(await questions(() => reads.searchReadable({ ...exact, limit: 1 }), exact.term, 1)).toBeLessThan(
      40,
    )
  })
})
