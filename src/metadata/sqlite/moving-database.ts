import { Database } from 'bun:sqlite'
import type { Digest } from '../../oci/digest.ts'
import { type MovedTable, notMoved, type Row } from '../moved-tables.ts'
import { configureConnection } from './connection.ts'

/** A blob of the registry that moves. */
export interface MovingBlob {
  readonly digest: Digest
  readonly objectKey: string
  readonly size: number
  /** Known to be damaged or missing: there is nothing to copy. */
  readonly damaged: boolean
}

interface BlobRow {
  digest: Digest
  object_key: string
  size: number
  damaged_at: number | null
}

/** Blobs that are asked for at once. */
const together = 1000

/** The embedded database of a registry that moves elsewhere, read beside the server that has it. */
export class MovingDatabase {
  readonly #database: Database

  constructor(path: string) {
    this.#database = new Database(path, { readwrite: true })
    configureConnection(this.#database)
    this.#database.run('PRAGMA query_only = ON')
  }

  /** From now on everything is read as it is now. */
  freeze(): void {
    this.#database.run('BEGIN')
    // A transaction that only reads begins with its first look.
    this.#database.query('select 1 from migrations limit 1').get()
  }

  /** Blobs that can be copied, and their bytes. */
  total(): { count: number; bytes: number } {
    const row = this.#database
      .query<{ count: number; bytes: number }, []>(
        'select count(*) as count, coalesce(sum(size), 0) as bytes from blobs where damaged_at is null',
      )
      .get()
    return row ?? { count: 0, bytes: 0 }
  }

  /** By object key; each page as it is when it is asked for. */
  *blobs(): Generator<MovingBlob> {
    const page = this.#database.query<BlobRow, [string, number]>(
      'select digest, object_key, size, damaged_at from blobs where object_key > ? order by object_key limit ?',
    )
    for (let after = ''; ; ) {
      const rows = page.all(after, together)
      for (const { digest, object_key: objectKey, size, damaged_at } of rows)
        yield { digest, objectKey, size, damaged: damaged_at !== null }
      const last = rows.at(-1)
      if (!last) return
      after = last.object_key
    }
  }

  /** Whether the blob still is what it was, in the object where it was. */
  holds({ digest, objectKey }: MovingBlob): boolean {
    return (
      this.#database
        .query<unknown, [string, string]>('select 1 from blobs where digest = ? and object_key = ?')
        .get(digest, objectKey) !== null
    )
  }

  /** Where bytes of uploads lie that are open. */
  uploadObjects(): string[] {
    const rows = this.#database
      .query<{ object_key: string; target_key: string | null }, []>(
        'select object_key, target_key from uploads',
      )
      .all()
    return rows.flatMap(({ object_key, target_key }) =>
      target_key === null ? [object_key] : [object_key, target_key],
    )
  }

  state(key: string): string | undefined {
    return this.#database.query<{ value: string }, [string]>('select value from state where key = ?').get(key)
      ?.value
  }

  /** Whether the registry has, or ever had, accounts. */
  isClosed(): boolean {
    const has = this.#database.query("select 1 from sqlite_master where name = 'access_state'").get() !== null
    return has && this.#database.query('select 1 from access_state where closed <> 0').get() !== null
  }

  count(table: string): number {
    const row = this.#database.query<{ count: number }, []>(`select count(*) as count from ${table}`).get()
    return row?.count ?? 0
  }

  /** Tables that move, those before others whose rows they refer to. */
  tables(): MovedTable[] {
    const left = new Map(this.#names().map((name) => [name, this.#table(name)]))
    const ordered: MovedTable[] = []
    while (left.size > 0) {
      const ready = [...left.values()].filter(({ name }) =>
        this.#parents(name).every((parent) => parent === name || !left.has(parent)),
      )
      if (ready.length === 0) throw new Error(`tables refer to each other: ${[...left.keys()].join(', ')}`)
      for (const table of ready) left.delete(table.name)
      ordered.push(...ready)
    }
    return ordered
  }

  *rows({ name, columns }: MovedTable): Generator<Row> {
    const rows = this.#database
      .prepare<Record<string, Row[number]>, []>(`select ${columns.join(', ')} from ${name}`)
      .iterate()
    for (const row of rows) yield columns.map((column) => row[column] ?? null)
  }

  close(): void {
    this.#database.close()
  }

  #names(): string[] {
    return this.#database
      .query<{ name: string }, []>(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name",
      )
      .all()
      .map(({ name }) => name)
      .filter((name) => !Object.hasOwn(notMoved, name))
  }

  #table(name: string): MovedTable {
    const columns = this.#database.query<{ name: string }, []>(`PRAGMA table_info(${name})`).all()
    return { name, columns: columns.map((column) => column.name) }
  }

  #parents(name: string): string[] {
    return this.#database
      .query<{ table: string }, []>(`PRAGMA foreign_key_list(${name})`)
      .all()
      .map(({ table }) => table)
  }
}
