import { Database } from 'bun:sqlite'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Files of objects and uploads in a data directory, by key. */
export async function storedFiles(data: string): Promise<string[]> {
  const names = await Promise.all(
    ['blobs', 'uploads'].map(async (folder) => {
      const entries = await readdir(join(data, folder), { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    }),
  )
  return names
    .flat()
    .map((path) => path.slice(data.length + 1))
    .sort()
}

/** Keys of the objects that the metadata says hold blobs. */
export function knownObjects(data: string): string[] {
  return inMetadata(data, (database) =>
    database
      .query<{ object_key: string }, []>('select object_key from blobs order by object_key')
      .all()
      .map(({ object_key }) => object_key),
  )
}

/** As if the time had passed after which an upload without a writer counts as abandoned. */
export function ageUploads(data: string): void {
  inMetadata(data, (database) => database.run('update uploads set lease_until = 0, last_activity = 0'))
}

function inMetadata<T>(data: string, ask: (database: Database) => T): T {
  const database = new Database(join(data, 'metadata.sqlite'))
  try {
    database.run('PRAGMA busy_timeout = 10000')
    return ask(database)
  } finally {
    database.close()
  }
}
