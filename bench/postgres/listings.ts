/**
 * How long the catalog and a repository's tags take on PostgreSQL, at a million each: over HTTP, and what PostgreSQL
 * says of the queries.
 *
 *   BERTH_BENCH_POSTGRES=$(.ci/postgres start) bun run bench/postgres/listings.ts [COUNT]
 *
 * Makes a database of its own and drops it at the end. Ends with 1 where a page of 100 takes 10 ms or more; pages without `n`
 * have 10,000 names, and are shown beside them.
 */
import { Client } from 'pg'
import { repositoryPage, tagPage } from '../../src/metadata/queries.ts'
import type { Statement } from '../../src/metadata/statement.ts'
import { parseRepositoryName } from '../../src/oci/repository-name.ts'
import { startBerth } from '../../test/support/berth.ts'
import { dropDatabase, makeDatabase } from '../../test/support/postgres.ts'
import { crowded, fillStatements } from './fill.ts'

/** Of the median page of 100. Milliseconds. */
const budget = 10
const requests = 200

const server = process.env.BERTH_BENCH_POSTGRES
if (!server) throw new Error('BERTH_BENCH_POSTGRES names no PostgreSQL: set it to $(.ci/postgres start)')
const count = Number(process.argv[2] ?? 1_000_000)

const database = await makeDatabase(server)
try {
  process.exitCode = (await measureAll(database)) ? 0 : 1
} finally {
  await dropDatabase(database)
}

async function measureAll(url: string): Promise<boolean> {
  const env = { BERTH_METADATA_URL: url, BERTH_ACCESS_OPEN: 'true', BERTH_LOG_LEVEL: 'error' }
  const berth = await startBerth({ env })
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const begun = performance.now()
    for (const statement of fillStatements({ repositories: count, tags: count }))
      await client.query(statement)
    const seconds = Math.round((performance.now() - begun) / 1000)
    console.log(`${count} repositories and ${count} tags, made in ${seconds} s\n`)
    const tags = `/v2/${crowded}/tags/list`
    const pages: [string, string][] = [
      ['catalog, first page of 100', '/v2/_catalog?n=100'],
      ['catalog, first page as it comes', '/v2/_catalog'],
      ['catalog, a page in the middle', '/v2/_catalog?n=100&last=team-500/app-500500'],
      ['tags, first page of 100', `${tags}?n=100`],
      ['tags, first page as it comes', tags],
      ['tags, a page in the middle', `${tags}?n=100&last=v5`],
    ]
    let within = true
    for (const [name, path] of pages) {
      const { median, slowest } = await measure(`${berth.url}${path}`)
      if (path.includes('n=100')) within &&= median < budget
      console.log(`${name}: median ${median.toFixed(2)} ms, 99th percentile ${slowest.toFixed(2)} ms`)
    }
    const page = { after: '', limit: 101 }
    await explain(client, 'catalog', repositoryPage, page)
    await explain(client, 'tags', tagPage, { ...page, repository: parseRepositoryName(crowded) })
    return within
  } finally {
    await client.end()
    await berth.stop()
  }
}

async function measure(url: string): Promise<{ median: number; slowest: number }> {
  const times: number[] = []
  for (let done = 0; done < requests; done += 1) {
    const begun = performance.now()
    const answer = await fetch(url)
    const body = (await answer.json()) as { repositories?: string[]; tags?: string[] }
    times.push(performance.now() - begun)
    if (answer.status !== 200 || (body.repositories ?? body.tags ?? []).length === 0)
      throw new Error(`${url} was answered ${answer.status} with nothing in it`)
  }
  times.sort((a, b) => a - b)
  return { median: times[requests / 2] ?? 0, slowest: times[Math.floor(requests * 0.99)] ?? 0 }
}

async function explain<A>(
  client: Client,
  name: string,
  statement: Statement<A, unknown>,
  args: A,
): Promise<void> {
  const { sql, values } = statement.compile('postgres')
  const { rows } = await client.query(`explain (analyze, buffers) ${sql}`, values(args))
  console.log(`\n${name}: ${sql}`)
  for (const row of rows) console.log(`  ${row['QUERY PLAN']}`)
}
