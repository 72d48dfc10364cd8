import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import {
  dropDatabase,
  makeDatabase,
  optionsFor,
  postgresServer,
  requirePostgres,
} from '../../../test/support/postgres.ts'
import { moveTables } from '../../recovery/migration/move-tables.ts'
import { PostgresTarget } from '../postgres/migration-target.ts'
import { openPostgresMetadataStore } from '../postgres/postgres-metadata-store.ts'
import { copyMetadata } from '../sqlite/metadata-copy.ts'
import { MovingDatabase } from '../sqlite/moving-database.ts'
import { openSqliteMetadataStore } from '../sqlite/sqlite-metadata-store.ts'

const berth = '0.1.0'

/** A database whose audit log holds some events, as the copy of a server that runs has it. */
async function copied(): Promise<{ path: string; head: { number: number; hash: string } }> {
  const directory = await temporaryDirectory()
  const [from, to] = [join(directory, 'from.sqlite'), join(directory, 'to.sqlite')]
  const store = await openSqliteMetadataStore({ path: from, berth })
  for (let number = 0; number < 10; number += 1)
    await store.change('setState', { key: 'read-only', value: number % 2 === 0 ? '{}' : null })
  // Until they are sealed: a moment later.
  for (let tries = 0; tries < 100 && ((await store.auditHead())?.number ?? 0) < 2; tries += 1)
    await Bun.sleep(50)
  const head = await store.auditHead()
  if (!head) throw new Error('nothing was sealed')
  copyMetadata({ from, to })
  await store.close()
  return { path: to, head }
}

test('the audit log of a copy is whole, and goes on where it was', async () => {
  const { path, head } = await copied()
  const store = await openSqliteMetadataStore({ path, berth })
  await store.change('setState', { key: 'read-only', value: '{}' })
  expect(await store.verifyAudit({ anchors: [head] })).toMatchObject({ anchors: 1, findings: [] })
  await store.close()
})

test.skipIf(!requirePostgres('moving an audit log'))(
  'the audit log is whole in PostgreSQL, too',
  async () => {
    const { path, head } = await copied()
    const url = await makeDatabase(postgresServer ?? '')
    try {
      const database = new MovingDatabase(path)
      const target = new PostgresTarget({ ...optionsFor(url), key: 'migration' })
      await target.claim('begun')
      await target.fill(async (rows) => {
        await moveTables({ database, rows, keyOf: undefined, now: 0, progress: () => undefined })
        return 'done'
      })
      database.close()
      const store = await openPostgresMetadataStore(optionsFor(url))
      await store.change('setState', { key: 'read-only', value: null })
      const verification = await store.verifyAudit({ anchors: [head] })
      expect(verification).toMatchObject({ anchors: 1, findings: [] })
      expect(verification.events).toBeGreaterThanOrEqual(10)
      await store.close()
    } finally {
      await dropDatabase(url)
    }
  },
)
