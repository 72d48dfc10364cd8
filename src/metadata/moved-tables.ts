/**
 * Tables that stay behind when a registry moves from SQLite to PostgreSQL, each with the reason. Every other moves as
 * it is: a new table needs a line here only where it must not.
 */
export const notMoved: Readonly<Record<string, string>> = {
  migrations: 'the target makes its own tables',
  uploads: 'an open upload is begun again: its bytes do not move',
  usage: 'the target counts anew: what uploads reserved stays behind with them',
  holds: 'who holds objects asks again',
  jobs: 'who runs them asks again',
  rates: 'limits begin anew',
  change_counters: 'caches of the processes of one machine',
  journal_queue: 'PostgreSQL’s own backups take the journal’s place',
  journal_position: 'PostgreSQL’s own backups take the journal’s place',
}

/** A table as both databases have it. */
export interface MovedTable {
  readonly name: string
  readonly columns: readonly string[]
}

/** One value of each column, in their order. */
export type Row = readonly (string | number | Uint8Array | null)[]

/** Tells two tables' contents apart, whatever the order of their rows. */
export class Checksum {
  rows = 0
  #sum = 0n

  add(row: Row): void {
    this.rows += 1
    this.#sum = BigInt.asUintN(64, this.#sum + BigInt(Bun.hash(textOf(row))))
  }

  get value(): string {
    return `${this.rows}:${this.#sum.toString(16)}`
  }
}

function textOf(row: Row): string {
  return JSON.stringify(
    row.map((value) =>
      value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value,
    ),
  )
}

/** Rows that are written, or read, together, by their number and their bytes. */
const together = { rows: 2000, bytes: 4 * 1024 * 1024 }

export function* batches(rows: Iterable<Row>): Generator<Row[]> {
  let batch: Row[] = []
  let bytes = 0
  for (const row of rows) {
    batch.push(row)
    for (const value of row) bytes += value instanceof Uint8Array ? value.length : 0
    if (batch.length < together.rows && bytes < together.bytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
