import type { TargetRows } from '../../metadata/migration-target.ts'
import { batches, Checksum, type MovedTable, type Row } from '../../metadata/moved-tables.ts'
import type { MovingDatabase } from '../../metadata/sqlite/moving-database.ts'
import type { Digest } from '../../oci/digest.ts'
import { migrationKey } from './note.ts'

export interface TableMoving {
  readonly database: MovingDatabase
  readonly rows: TargetRows
  /** Where a blob's object lies at the target; undefined: the objects stay where they are. */
  readonly keyOf: ((blob: { objectKey: string; digest: Digest }) => string) | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  progress(rows: number): void
}

/** A table as it was brought, to compare it with what is there. */
export interface MovedRowsOf {
  readonly table: MovedTable
  readonly checksum: Checksum
}

/** Copies every table that moves, as the database is now. */
export async function moveTables(moving: TableMoving): Promise<MovedRowsOf[]> {
  const tables = moving.database.tables()
  await moving.rows.clear(tables)
  const moved: MovedRowsOf[] = []
  for (const table of tables) {
    const checksum = new Checksum()
    for (const batch of batches(movedRows(moving, table))) {
      for (const row of batch) checksum.add(row)
      await moving.rows.insert(table, batch)
      moving.progress(batch.length)
    }
    moved.push({ table, checksum })
  }
  await moving.rows.countUsage()
  await moving.rows.continueNumbers(tables)
  return moved
}

/** @throws Error where the target gives back other rows than were brought */
export async function compareTables(rows: TargetRows, moved: readonly MovedRowsOf[]): Promise<void> {
  for (const { table, checksum } of moved) {
    const found = new Checksum()
    for await (const row of rows.rows(table)) found.add(row)
    if (found.value !== checksum.value)
      throw new Error(
        `the table ${table.name} holds ${found.rows} rows at the target, and not the ${checksum.rows} that were brought: nothing was kept`,
      )
  }
}

/** A table's rows as the target is to have them. */
function* movedRows(moving: TableMoving, table: MovedTable): Generator<Row> {
  const { database, keyOf } = moving
  switch (table.name) {
    case 'state':
      for (const row of database.rows(table)) if (valueIn(table, row, 'key') !== migrationKey) yield row
      return
    case 'blobs':
      for (const row of database.rows(table)) yield keyOf ? withKey(table, row, keyOf) : row
      return
    case 'doomed_objects':
      // Objects that nobody knows any more stay behind, and go with the old directory.
      if (!keyOf) yield* doomedObjects(moving, table)
      return
    default:
      yield* database.rows(table)
  }
}

function withKey(table: MovedTable, row: Row, keyOf: NonNullable<TableMoving['keyOf']>): Row {
  const objectKey = valueIn(table, row, 'object_key') as string
  const digest = valueIn(table, row, 'digest') as Digest
  const place = table.columns.indexOf('object_key')
  return row.with(place, keyOf({ objectKey, digest }))
}

/** Open uploads do not move: where storage stays, what they wrote is removed by the registry that goes on there. */
function* doomedObjects({ database, now }: TableMoving, table: MovedTable): Generator<Row> {
  const doomed = new Set<unknown>()
  for (const row of database.rows(table)) {
    doomed.add(valueIn(table, row, 'object_key'))
    yield row
  }
  const values: Readonly<Record<string, Row[number]>> = { since: now, size: null }
  for (const key of new Set(database.uploadObjects()))
    if (!doomed.has(key))
      yield table.columns.map((column) => (column === 'object_key' ? key : (values[column] ?? null)))
}

function valueIn(table: MovedTable, row: Row, column: string): Row[number] | undefined {
  return row[table.columns.indexOf(column)]
}
