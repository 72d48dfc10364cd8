import type { Database, SQLQueryBindings } from 'bun:sqlite'
import { type JournaledTable, journaledTables } from '../../journaled-tables.ts'
import type { JournalRecord, Value } from './records.ts'

/** Rows of the queue that are read at once: a few milliseconds at most. */
const together = 500

export interface QueueSlice {
  readonly records: readonly JournalRecord[]
  /** The last row of the queue that is in it. */
  readonly through: number
  /** Whether more may wait behind it. */
  readonly more: boolean
}

/** How far the journal's files are known to be on disk. */
export interface Position {
  readonly log: number
  readonly size: number
}

/** The table that triggers fill: the keys of the rows that changed, in the order of the commits. */
export class JournalQueue {
  readonly #database: Database
  readonly #waiting
  readonly #lookups = new Map(journaledTables.map((table) => [table.name, lookup(table)]))

  constructor(database: Database) {
    this.#database = database
    this.#waiting = database.query<{ id: number; kind: string; key: string }, [number, number]>(
      'select id, kind, key from journal_queue where id > ? order by id limit ?',
    )
  }

  /** The present state of the rows behind `after`, each once; undefined when nothing waits. */
  read(after: number): QueueSlice | undefined {
    // Most commits change nothing that is journaled.
    if (this.#waiting.all(after, 1).length === 0) return undefined
    // One snapshot, so that what one transaction changed together is told together.
    this.#database.run('BEGIN')
    try {
      const rows = this.#waiting.all(after, together)
      const last = rows.at(-1)
      if (!last) return undefined
      const changed = new Map(rows.map((row) => [`${row.kind} ${row.key}`, row]))
      const records = [...changed.values()].flatMap((row) => this.#stateOf(row))
      return { records, through: last.id, more: rows.length === together }
    } finally {
      this.#database.run('COMMIT')
    }
  }

  /** Rows that wait for their record to be durable. */
  count(): number {
    const row = this.#database
      .query<{ first: number | null; last: number | null }, []>(
        'select (select min(id) from journal_queue) as first, (select max(id) from journal_queue) as last',
      )
      .get()
    return row?.last ? row.last - (row.first ?? 0) + 1 : 0
  }

  /**
   * Forgets the rows up to `through`, whose records are durable up to the position.
   * @returns false when the queue is empty: its numbers begin again
   */
  trim(through: number, { log, size }: Position): boolean {
    const database = this.#database
    // If a power cut undoes this, the records are written twice, which changes nothing.
    database.run('PRAGMA synchronous = NORMAL')
    database.run('BEGIN IMMEDIATE')
    try {
      database.query<unknown, [number]>('delete from journal_queue where id <= ?').run(through)
      database
        .query<unknown, [number, number]>(
          'insert into journal_position values (1, ?, ?) on conflict (only) do update set log = excluded.log, size = excluded.size',
        )
        .run(log, size)
      const left = database.query('select 1 from journal_queue limit 1').get() !== null
      database.run('COMMIT')
      return left
    } catch (error) {
      if (database.inTransaction) database.run('ROLLBACK')
      throw error
    }
  }

  position(): Position | undefined {
    return this.#database.query<Position, []>('select log, size from journal_position').get() ?? undefined
  }

  #stateOf({ kind, key: text }: { kind: string; key: string }): JournalRecord[] {
    const select = this.#lookups.get(kind)
    // Queued by a newer Berth, which knows more tables: its next snapshot has them.
    if (!select) return []
    const key = JSON.parse(text) as Value[]
    const values = this.#database.query<unknown, SQLQueryBindings[]>(select).values(...key)[0]
    return [values ? { table: kind, is: 'so', values: values as Value[] } : { table: kind, is: 'gone', key }]
  }
}

/** The columns of a table as the journal writes them down. */
export function journaledColumns({ key, values }: JournaledTable): readonly string[] {
  return [...key, ...values]
}

function lookup(table: JournaledTable): string {
  const where = table.key.map((column) => `${column} is ?`).join(' and ')
  return `select ${journaledColumns(table).join(', ')} from ${table.name} where ${where} limit 1`
}
