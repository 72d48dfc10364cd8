import { journaledTables } from '../../journaled-tables.ts'
import { encodeFrame } from './frames.ts'
import { journaledColumns } from './queue.ts'

/** What a file of the journal says of itself, so that a later Berth understands it. */
export interface FileHead {
  readonly format: 1
  /** The version that wrote it. */
  readonly berth: string
  /** The columns of each table, in the order in which rows hold them, and how many of them are its key. */
  readonly tables: Readonly<Record<string, { readonly columns: readonly string[]; readonly key: number }>>
}

/** @param options.at milliseconds since 1970 */
export function encodeHead({ berth, at }: { berth: string; at: number }): Uint8Array {
  const content = new TextEncoder().encode(
    JSON.stringify({ format: 1, berth, tables: ownTables } satisfies FileHead),
  )
  return encodeFrame({ kind: 'head', count: 0, before: 0, at }, [content])
}

export function decodeHead(content: Uint8Array): FileHead {
  return JSON.parse(new TextDecoder().decode(content)) as FileHead
}

/** The tables as this Berth writes them. */
export const ownTables: FileHead['tables'] = Object.fromEntries(
  journaledTables.map((table) => [table.name, { columns: journaledColumns(table), key: table.key.length }]),
)
