import { Database } from 'bun:sqlite'
import { join } from 'node:path'

/** Tables that a rebuild or a restored backup must bring back, and the columns that may differ then. */
const compared: Readonly<Record<string, readonly string[]>> = {
  repositories: [],
  blobs: ['created_at', 'object_key'],
  blob_links: ['confirmed_at', 'released'],
  manifests: ['confirmed_at'],
  manifest_references: [],
  tags: [],
  tag_history: [],
  trash: [],
  trashed_tags: [],
  trashed_manifests: [],
  trashed_references: [],
  state: [],
  quotas: [],
}

/** A state that neither a rebuild nor a backup keeps: since when every pull is on record. */
const forgotten = 'pulls-since'

/** Every row of a registry that must survive, as sorted lines. */
export function rowsOf(data: string): Record<string, string[]> {
  const database = new Database(join(data, 'metadata.sqlite'), { readonly: true })
  try {
    return Object.fromEntries(
      Object.entries(compared).map(([table, free]) => {
        const rows = database
          .query<Record<string, unknown>, []>(`select * from ${table}`)
          .all()
          .filter(({ key }) => key !== forgotten)
        const lines = rows.map((row) =>
          Object.entries(row)
            .filter(([column]) => !free.includes(column))
            .map(([column, value]) => `${column}=${textOf(value)}`)
            .sort()
            .join(' '),
        )
        return [table, lines.sort()]
      }),
    )
  } finally {
    database.close()
  }
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value)
}
