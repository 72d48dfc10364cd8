import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { openSqliteMetadataStore } from './sqlite-metadata-store.ts'

test.each([
  ["select id from uploads where opened_by = 'a' limit 5", 'uploads_opened_by (opened_by=?)'],
  [
    "select digest from manifests where repository = 'a' and subject = 'b' limit 5",
    'manifests_subject (repository=? AND subject=?)',
  ],
  [
    "select digest from manifest_references where repository = 'a' and manifest in ('b', 'c') and role = 'child' limit 5",
    'PRIMARY KEY (repository=? AND manifest=?)',
  ],
  [
    "select manifest from manifest_references where repository = 'a' and digest in ('b', 'c') and role = 'child' limit 5",
    'manifest_references_digest (repository=? AND digest=?)',
  ],
])('what is asked before a push goes on is found by an index: %s', async (query, index) => {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const store = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  await store.close()
  const database = new Database(path)
  const plan = database.query<{ detail: string }, []>(`explain query plan ${query}`).all()
  database.close()
  expect(plan.map(({ detail }) => detail).join()).toContain(index)
})
