import { expect, test } from 'bun:test'
import { rawSqlite } from '../../test/support/raw-database.ts'
import { auditTick, trimAudit } from './audit-retention.ts'

const day = 86_400_000

test('old events go with their batches, the young stay, and the log is whole after that', async () => {
  const database = await rawSqlite()
  for (let run = 0; run < 5; run += 1) {
    const before = await database.open()
    for (let number = 0; number < 4; number += 1)
      await before.change('setState', { key: 'read-only', value: number % 2 === 0 ? '{}' : null })
    await before.close()
    // What was written until now is a day older than what comes.
    if (run < 3) await database.run('update audit_batches set at = at - $1', day)
  }
  const store = await database.open()
  expect(await trimAudit(store, { age: 10 * day, stopped: () => false })).toBe(0)
  expect(await trimAudit(store, { age: day / 2, stopped: () => true })).toBe(0)
  expect(await trimAudit(store, { age: day / 2, stopped: () => false })).toBe(12)
  expect(await trimAudit(store, { age: day / 2, stopped: () => false })).toBe(0)
  await store.close()
  const [left] = await database.run<{ count: number }>(
    "select count(*) as count from audit_events where action = 'registry:read-only'",
  )
  expect(left?.count).toBe(8)
  const [writers] = await database.run<{ count: number }>('select count(*) as count from audit_writers')
  expect(writers?.count).toBe(3)
})

test('it is looked for often where little is kept, and each hour where much is', () => {
  expect(auditTick(1000)).toBe(1000)
  expect(auditTick(60_000)).toBe(15_000)
  expect(auditTick(365 * day)).toBe(3_600_000)
})
