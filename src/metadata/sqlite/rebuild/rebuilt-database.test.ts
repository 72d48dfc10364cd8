import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../../test/support/berth.ts'
import { rowsOf } from '../../../../test/support/data-rows.ts'
import { RandomChanges, seeded } from '../../../../test/support/random-changes.ts'
import { theServer } from '../../changes/attribution.ts'
import type { ChangeArguments, ChangeName, ChangeResult } from '../../changes/changes.ts'
import { makeChange } from '../../changes/make-change.ts'
import { migrate } from '../../migrations/migrate.ts'
import { configureConnection } from '../connection.ts'
import { Journal } from '../journal/journal.ts'
import { sqliteTransaction } from '../transaction.ts'
import { RebuiltDatabase } from './rebuilt-database.ts'

const berth = '0.1.0'

/** A database with its journal, both in this thread. */
async function open(data: string) {
  const database = new Database(join(data, 'metadata.sqlite'), { create: true })
  configureConnection(database)
  if (!database.query("select 1 from sqlite_master where name = 'migrations'").get()) {
    await migrate(sqliteTransaction(database), berth)
  }
  const start = () =>
    new Journal({ database, directory: join(data, 'journal'), berth, smallest: 20_000, report: () => {} })
  let journal = start()
  const change = async <N extends ChangeName>(
    name: N,
    args: ChangeArguments<N>,
  ): Promise<ChangeResult<N>> => {
    database.run('BEGIN IMMEDIATE')
    try {
      const result: ChangeResult<N> = await makeChange(sqliteTransaction(database), {
        name,
        args,
        by: theServer,
      })
      database.run('COMMIT')
      return result
    } catch (error) {
      database.run('ROLLBACK')
      throw error
    } finally {
      journal.committed()
    }
  }
  return {
    change,
    async restart() {
      await journal.close()
      journal = start()
    },
    async close() {
      await journal.close()
      database.close()
    },
  }
}

/** What `berth rebuild` would make of a copy of the journal, if every blob's object lay in storage. */
async function rebuiltRows(data: string) {
  const copy = await temporaryDirectory()
  cpSync(join(data, 'journal'), join(copy, 'journal'), { recursive: true })
  const rebuilt = await RebuiltDatabase.create({
    path: join(copy, 'metadata.sqlite'),
    berth,
    now: Date.now(),
  })
  await rebuilt.replay(join(copy, 'journal'), () => {})
  const source = new Database(join(data, 'metadata.sqlite'), { readonly: true })
  const objects = source
    .query<{ object_key: string; digest: string; size: number }, []>('select * from blobs')
    .all()
  source.close()
  for (const { object_key: objectKey, digest, size } of objects)
    rebuilt.addObject({ objectKey, digest, size, madeAt: 0, sound: true })
  rebuilt.assemble({ marked: false })
  rebuilt.finish()
  return { rows: rowsOf(copy), losses: rebuilt.losses.first }
}

/** On a busy machine the first snapshot, or the last slice of the queue, takes its time. */
async function completelyRebuilt(data: string) {
  const deadline = Date.now() + 15_000
  for (;;) {
    await Bun.sleep(30)
    const rebuilt = await rebuiltRows(data)
    const complete = rebuilt.losses.length === 0 && Bun.deepEquals(rebuilt.rows, rowsOf(data))
    if (complete || Date.now() > deadline) return rebuilt
  }
}

test.each([1, 2, 3, 4, 5, 6])(
  'random changes are all told by the journal, whenever it ends (seed %i)',
  async (seed) => {
    const data = await temporaryDirectory()
    const registry = await open(data)
    const random = seeded(seed)
    const changes = new RandomChanges(registry.change, random)
    for (let round = 0; round < 4; round += 1) {
      const steps = Math.floor(random() * 120)
      for (let step = 0; step < steps; step += 1) {
        await changes.step()
        // Snapshots and syncs get their turns.
        if (step % 10 === 0) await Bun.sleep(random() * 20)
      }
      const { rows, losses } = await completelyRebuilt(data)
      expect(losses).toEqual([])
      expect(rows).toEqual(rowsOf(data))
      if (random() < 0.4) await registry.restart()
    }
    await registry.close()
    const { rows } = await rebuiltRows(data)
    expect(rows).toEqual(rowsOf(data))
    expect(rows.manifests?.length).toBeGreaterThan(0)
  },
)

test('snapshots take the place of logs while changes go on', async () => {
  const data = await temporaryDirectory()
  const registry = await open(data)
  const changes = new RandomChanges(registry.change, seeded(7))
  const [enough, deadline] = [Date.now() + 4000, Date.now() + 20_000]
  let highest = 0
  while (Date.now() < enough || (highest <= 2 && Date.now() < deadline)) {
    for (let step = 0; step < 20; step += 1) await changes.step()
    await Bun.sleep(5)
    const names = await readdir(join(data, 'journal'))
    highest = Math.max(highest, ...names.map((name) => Number.parseInt(name, 10)))
    expect(names.length).toBeLessThan(6)
  }
  expect(highest).toBeGreaterThan(2)
  await registry.close()
  expect((await rebuiltRows(data)).rows).toEqual(rowsOf(data))
})
