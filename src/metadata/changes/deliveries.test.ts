import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { manifest } from '../contract/fixtures.ts'
import { webhook } from '../contract/webhooks-fixtures.ts'
import { migrate } from '../migrations/migrate.ts'
import { sqliteTransaction } from '../sqlite/transaction.ts'
import { theServer } from './attribution.ts'
import { tidyDeliveries } from './deliveries.ts'
import { makeChange } from './make-change.ts'
import { createWebhook } from './webhooks.ts'

test('what was queued for a webhook while that was being deleted is forgotten, and nothing else', async () => {
  const database = new Database(':memory:')
  const tx = sqliteTransaction(database)
  await migrate(tx, '0.1.0')
  for (const name of ['gone', 'there']) await createWebhook(tx, webhook(name))
  await makeChange(tx, { name: 'putManifest', args: manifest('image'), by: theServer })
  // Of two transactions side by side the one may delete what the other has just looked at.
  database.run("delete from webhooks where name = 'gone'")
  const tidying = { keep: 3_600_000, most: 100, mostWaiting: 100, limit: 100 }
  for (const name of ['gone', 'there']) await tidyDeliveries(tx, { ...tidying, webhook: `id-${name}` })
  const left = database.query<{ webhook: string }, []>('select webhook from deliveries').all()
  expect(left).toEqual([{ webhook: 'id-there' }])
})
