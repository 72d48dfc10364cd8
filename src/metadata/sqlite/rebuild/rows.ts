import type { Database, SQLQueryBindings } from 'bun:sqlite'
import { type JournaledTable, journaledTables } from '../../journaled-tables.ts'
import type { Value } from '../journal/records.ts'
import type { ReplayedRecord } from '../journal/replay.ts'

type Bindings = SQLQueryBindings[]

/** Puts records of the journal into tables: the later one of a row wins. */
export class RowKeeper {
  readonly #database: Database
  readonly #now: number
  readonly #tables = new Map(journaledTables.map((table) => [table.name, table]))
  readonly #statements = new Map<string, string>()

  /** @param now milliseconds since 1970: rows count as confirmed then */
  constructor(database: Database, now: number) {
    this.#database = database
    this.#now = now
  }

  apply({ record, columns, key }: ReplayedRecord): void {
    const table = this.#tables.get(record.table)
    // Of a newer Berth's tables this one knows nothing.
    if (!table) return
    if (record.is === 'gone') this.#remove(table, record.key)
    else if (table.values.length === 0 && !table.confirmed) this.#addOnce(table, record.values.slice(0, key))
    else this.#put(table, columns, record.values)
  }

  #remove(table: JournaledTable, key: readonly Value[]): void {
    this.#run(`${table.name} gone`, () => `delete from ${table.name} where ${same(table.key)}`, key)
  }

  /** All columns are the key, and none is unique by itself. */
  #addOnce(table: JournaledTable, key: readonly Value[]): void {
    const text = () =>
      `insert into ${table.name} (${table.key.join(', ')}) select ${table.key.map(() => '?').join(', ')} where not exists (select 1 from ${table.name} where ${same(table.key)})`
    this.#run(`${table.name} once`, text, [...key, ...key])
  }

  #put(table: JournaledTable, columns: readonly string[], values: readonly Value[]): void {
    const known = [...table.key, ...table.values]
    const kept = columns.map((column, index) => ({ column, value: values[index] ?? null }))
    const own = kept.filter(({ column }) => known.includes(column))
    const confirmed = table.confirmed ?? []
    const names = [...own.map(({ column }) => column), ...confirmed]
    const text = () =>
      `insert or replace into ${table.name} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`
    const bindings = [...own.map(({ value }) => value), ...confirmed.map(() => this.#now)]
    this.#run(`${table.name} ${names.join()}`, text, bindings)
  }

  #run(name: string, build: () => string, values: readonly Value[]): void {
    let text = this.#statements.get(name)
    if (text === undefined) {
      text = build()
      this.#statements.set(name, text)
    }
    this.#database.query<unknown, Bindings>(text).run(...(values as Bindings))
  }
}

function same(key: readonly string[]): string {
  return key.map((column) => `${column} is ?`).join(' and ')
}
