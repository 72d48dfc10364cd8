import type { ClientBase } from 'pg'
import type { TargetRows } from '../migration-target.ts'
import type { MovedTable, Row } from '../moved-tables.ts'
import { recountUsage } from '../recount.ts'
import { builders } from '../statement.ts'

/** Rows that are fetched at once, and where they may be large. */
const fetched = { usual: 5000, large: 100 }

export class MovedRows implements TargetRows {
  readonly #client: ClientBase
  readonly #types = new Map<string, Promise<ReadonlyMap<string, string>>>()

  constructor(client: ClientBase) {
    this.#client = client
  }

  async clear(tables: readonly MovedTable[]): Promise<void> {
    for (const { name } of tables.toReversed()) await this.#client.query(`delete from ${name}`)
  }

  async insert({ name, columns }: MovedTable, rows: readonly Row[]): Promise<void> {
    const types = await this.#typesOf(name)
    const differs = columns.length !== types.size || columns.some((column) => !types.has(column))
    if (differs)
      throw new Error(
        `${name} has the columns ${columns.join(', ')} there, and ${[...types.keys()].join(', ')} here`,
      )
    const lists = columns.map((column, index) => `$${index + 1}::${types.get(column)}[]`)
    await this.#client.query(
      `insert into ${name} (${columns.join(', ')}) select * from unnest(${lists.join(', ')})`,
      columns.map((_, index) => rows.map((row) => row[index] ?? null)),
    )
  }

  async *rows({ name, columns }: MovedTable): AsyncGenerator<Row> {
    const large = [...(await this.#typesOf(name)).values()].includes('bytea')
    await this.#client.query(`declare moved no scroll cursor for select ${columns.join(', ')} from ${name}`)
    for (;;) {
      const { rows } = await this.#client.query<Row>({
        text: `fetch ${large ? fetched.large : fetched.usual} from moved`,
        rowMode: 'array',
      } as never)
      yield* rows
      if (rows.length === 0) break
    }
    await this.#client.query('close moved')
  }

  async markDamaged(digests: readonly string[], at: number): Promise<void> {
    await this.#client.query(
      'update blobs set damaged_at = $2 where digest = any($1::text[]) and damaged_at is null',
      [digests, at],
    )
  }

  async countUsage(): Promise<void> {
    await this.#client.query('delete from usage')
    await this.#client.query(recountUsage('postgres').compile(builders.postgres).sql)
  }

  async continueNumbers(tables: readonly MovedTable[]): Promise<void> {
    const { rows } = await this.#client.query<{ table: string; column: string }>(
      `select table_name as table, column_name as column from information_schema.columns
       where table_schema = current_schema() and table_name = any($1)
       and (is_identity = 'YES' or column_default like 'nextval(%')`,
      [tables.map(({ name }) => name)],
    )
    for (const { table, column } of rows)
      await this.#client.query(
        `select setval(pg_get_serial_sequence('${table}', '${column}'), max(${column})) from ${table} having max(${column}) is not null`,
      )
  }

  #typesOf(table: string): Promise<ReadonlyMap<string, string>> {
    let found = this.#types.get(table)
    if (!found) {
      found = this.#client
        .query<{ name: string; type: string }>(
          `select column_name as name, udt_name as type from information_schema.columns
           where table_schema = current_schema() and table_name = $1 order by ordinal_position`,
          [table],
        )
        .then(({ rows }) => new Map(rows.map(({ name, type }) => [name, type])))
      this.#types.set(table, found)
    }
    return found
  }
}
