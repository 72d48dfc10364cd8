import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import {
  dropDatabase,
  makeDatabase,
  optionsFor,
  postgresServer,
  requirePostgres,
} from '../../test/support/postgres.ts'
import { compareTables, moveTables } from '../recovery/migration/move-tables.ts'
import type { TargetRows } from './migration-target.ts'
import { migrate } from './migrations/migrate.ts'
import { batches, Checksum, notMoved, type Row } from './moved-tables.ts'
import { PostgresTarget } from './postgres/migration-target.ts'
import { MovingDatabase } from './sqlite/moving-database.ts'
import { sqliteTransaction } from './sqlite/transaction.ts'

interface Column {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly pk: number
}

/** A database in which every table that moves has some rows, with something in each column, and with nothing where it may. */
async function filledDatabase(): Promise<string> {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const database = new Database(path, { create: true })
  await migrate(sqliteTransaction(database), '0.1.0')
  database.run('PRAGMA foreign_keys = ON')
  const moving = new MovingDatabase(path)
  for (const { name } of moving.tables()) {
    const columns = database.query<Column, []>(`PRAGMA table_info(${name})`).all()
    for (let number = 1; number <= 3; number += 1) {
      const values = columns.map(({ type, notnull, pk }) =>
        number === 3 && notnull === 0 && pk === 0 ? null : madeUp(type, number),
      )
      database
        .query<unknown, (string | number | Uint8Array | null)[]>(
          `insert into ${name} values (${columns.map(() => '?').join(', ')})`,
        )
        .run(...values)
    }
  }
  moving.close()
  database.close()
  return path
}

/** The same in every column of a row: so it refers to the row of the same number elsewhere. */
function madeUp(type: string, number: number): string | number | Uint8Array {
  if (/text/i.test(type)) return `value ${number} "quoted", {with} \\ ümläute 🦊\n`
  if (/blob/i.test(type)) return new Uint8Array([0, 255, number, 92, 39])
  return /big/i.test(type) ? 1_795_636_863_145 + number : number
}

test('each table that stays behind is one that is there', async () => {
  const database = new Database(':memory:')
  await migrate(sqliteTransaction(database), '0.1.0')
  const names = database
    .query<{ name: string }, []>("select name from sqlite_master where type = 'table'")
    .all()
  expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(notMoved)))
})

test('a table comes after those that its rows refer to', async () => {
  const moving = new MovingDatabase(await filledDatabase())
  const names = moving.tables().map(({ name }) => name)
  moving.close()
  const before = (first: string, second: string) => names.indexOf(first) < names.indexOf(second)
  expect(before('blobs', 'blob_links') && before('repositories', 'manifests')).toBe(true)
  expect(before('manifests', 'tags') && before('trash', 'trashed_manifests')).toBe(true)
})

test('a frozen database is read as it was', async () => {
  const path = await filledDatabase()
  const moving = new MovingDatabase(path)
  moving.freeze()
  const database = new Database(path)
  database.run("insert into state values ('new', 'row')")
  database.run('delete from tags')
  database.close()
  expect([moving.count('tags'), moving.state('new')]).toEqual([3, undefined])
  moving.close()
})

test('a checksum tells rows apart, and not their order', () => {
  const sum = (...rows: Row[]) => {
    const checksum = new Checksum()
    for (const row of rows) checksum.add(row)
    return checksum.value
  }
  const [one, two] = [
    ['a', 1, null, new Uint8Array([1])],
    ['b', 2, null, new Uint8Array([2])],
  ] as const
  expect(sum(one, two)).toBe(sum(two, one))
  for (const other of [
    ['a', 1, null, new Uint8Array([9])],
    ['a', '1', null, one[3]],
    ['a', 1, 'null', one[3]],
  ])
    expect(sum(other as unknown as Row)).not.toBe(sum(one))
  expect(sum(one, one)).not.toBe(sum(one))
  expect(sum(one, one, two, two)).not.toBe(sum(one, two))
})

test('rows go in batches that fit in memory', () => {
  const small = Array.from({ length: 4500 }, (_, number) => [number])
  expect([...batches(small)].map((batch) => batch.length)).toEqual([2000, 2000, 500])
  const large = Array.from({ length: 5 }, () => [new Uint8Array(3_000_000)])
  expect([...batches(large)].map((batch) => batch.length)).toEqual([2, 2, 1])
})

describe.skipIf(!requirePostgres('moving every table'))('every table', () => {
  /** @param work is given the target's rows, and what `moveTables` needs else */
  async function moving(work: (rows: TargetRows, database: MovingDatabase) => Promise<void>): Promise<void> {
    const url = await makeDatabase(postgresServer ?? '')
    const database = new MovingDatabase(await filledDatabase())
    try {
      const target = new PostgresTarget({ ...optionsFor(url), key: 'migration' })
      await target.claim('begun')
      await target.fill(async (rows) => {
        await work(rows, database)
        return 'done'
      })
      expect(await target.state()).toEqual({ state: 'noted', note: 'done' })
    } finally {
      database.close()
      await dropDatabase(url)
    }
  }

  const move = (rows: TargetRows, database: MovingDatabase) =>
    moveTables({ database, rows, keyOf: undefined, now: 0, progress: () => undefined })

  test('arrives with each of its columns, whatever is in them', async () => {
    await moving(async (rows, database) => {
      const moved = await move(rows, database)
      await compareTables(rows, moved)
      for (const { table } of moved) {
        const there: string[] = []
        for await (const row of rows.rows(table)) there.push(JSON.stringify(row.map(plain)))
        const here = [...database.rows(table)].map((row) => JSON.stringify(row.map(plain)))
        // An open upload's object is to be removed: its row is one more.
        expect(there.sort()).toEqual(expect.arrayContaining(here))
        expect(there.length).toBeGreaterThanOrEqual(3)
      }
    })
  })

  test('that differs by one row fails the comparison', async () => {
    await moving(async (rows, database) => {
      const moved = await move(rows, database)
      await rows.markDamaged(['value 3 "quoted", {with} \\ ümläute 🦊\n'], 5)
      await expect(compareTables(rows, moved)).rejects.toThrow('the table blobs holds')
    })
  })

  test('with a column that the target lacks is refused', async () => {
    await moving(async (rows) => {
      const table = { name: 'state', columns: ['key', 'value', 'novelty'] }
      await expect(rows.insert(table, [['a', 'b', 'c']])).rejects.toThrow('state has the columns')
    })
  })
})

function plain(value: Row[number]): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
