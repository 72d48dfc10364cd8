import type { Database, SQLQueryBindings } from 'bun:sqlite'
import { rename, rm } from 'node:fs/promises'
import { type JournaledTable, journaledTables } from '../../journaled-tables.ts'
import { createPrivate, partialPath, snapshotPath, syncDirectory } from './files.ts'
import { encodeFrame } from './frames.ts'
import { writeFully } from './log-file.ts'
import { journaledColumns } from './queue.ts'
import { encodeRecords, type JournalRecord, type Value } from './records.ts'

/** Rows that one query brings: few where a row may be a manifest of 4 MiB. */
const rowsAtOnce = 200
const manifestsAtOnce = 10
/** How long rows are read before others have their turn, and how long that turn is. Milliseconds. */
const slice = 2
const pause = 4
/** Bytes that are written at once. */
const enough = 512 * 1024

export interface SnapshotOptions {
  readonly database: Database
  readonly directory: string
  readonly number: number
  readonly head: Uint8Array
  now(): number
  stopped(): boolean
}

/**
 * Writes all rows into a new snapshot, in slices between which others work and write: the log of its number, begun
 * before, tells of every change that a slice came too early or too late for.
 * @returns its size; undefined when it was stopped
 */
export async function writeSnapshot(options: SnapshotOptions): Promise<number | undefined> {
  const { directory, number } = options
  const partial = partialPath(directory, number)
  const file = await createPrivate(partial)
  let size: number | undefined
  try {
    size = await writeRows(options, async (bytes, position) => writeFully(file, bytes, position))
    await file.sync()
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    throw error
  }
  await file.close()
  if (size === undefined) await rm(partial, { force: true })
  else {
    await rename(partial, snapshotPath(directory, number))
    await syncDirectory(directory)
  }
  return size
}

async function writeRows(
  { database, head, now, stopped }: SnapshotOptions,
  write: (bytes: Uint8Array, position: number) => Promise<void>,
): Promise<number | undefined> {
  let position = 0
  let count = 0
  let gathered = [head]
  const flush = async () => {
    const bytes = Buffer.concat(gathered)
    gathered = []
    await write(bytes, position)
    position += bytes.length
  }
  let since = performance.now()
  for (const records of readTables(database)) {
    const frame = { kind: 'records', count: records.length, before: count, at: now() } as const
    gathered.push(encodeFrame(frame, encodeRecords(records)))
    count += records.length
    if (gathered.reduce((sum, { length }) => sum + length, 0) >= enough) await flush()
    if (performance.now() - since < slice) continue
    await Bun.sleep(pause)
    if (stopped()) return undefined
    since = performance.now()
  }
  gathered.push(encodeFrame({ kind: 'end', count: 0, before: count, at: now() }, []))
  await flush()
  return position
}

/** All rows that the journal keeps, some at a time; between two steps the database may change. */
function* readTables(database: Database): Generator<JournalRecord[]> {
  const layout = schemaVersion(database)
  for (const table of journaledTables) {
    const order = table.numbered ? ['rowid'] : table.key
    let last: Value[] | undefined
    do {
      const read = database.query<unknown, SQLQueryBindings[]>(pageOf(table, order, last !== undefined))
      const rows = read.values(...(last ?? [])) as Value[][]
      if (rows.length > 0)
        yield rows.map((row) => ({ table: table.name, is: 'so', values: row.slice(order.length) }))
      last = rows.at(-1)?.slice(0, order.length)
    } while (last)
  }
  // VACUUM may number rows anew, and some could have slipped behind the page that was read.
  if (schemaVersion(database) !== layout) throw new Error('the tables were rebuilt meanwhile')
}

function pageOf(table: JournaledTable, order: readonly string[], goesOn: boolean): string {
  const limit = table.values.includes('bytes') ? manifestsAtOnce : rowsAtOnce
  const columns = order.join(', ')
  const after = goesOn ? ` where (${columns}) > (${order.map(() => '?').join(', ')})` : ''
  return `select ${columns}, ${journaledColumns(table).join(', ')} from ${table.name}${after} order by ${columns} limit ${limit}`
}

function schemaVersion(database: Database): number {
  return database.query<{ schema_version: number }, []>('PRAGMA schema_version').get()?.schema_version ?? 0
}
