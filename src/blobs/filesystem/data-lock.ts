import { Database } from 'bun:sqlite'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

/** Another server has the data directory. */
export class DataInUseError extends Error {
  constructor(data: string) {
    super(
      `another Berth serves the data directory ${data} already: stop that one first, or choose another directory with --data`,
    )
    this.name = 'DataInUseError'
  }
}

/**
 * Holds the data directory for this process. The lock is one of the kernel's, taken through SQLite: it is gone with
 * the process, however that ends, so nothing stale is left behind.
 * @throws DataInUseError
 */
export function lockData(data: string): { release(): void } {
  const path = join(data, 'lock')
  // SQLite would make it readable to all, and gives what it makes beside it the same rights.
  closeSync(openSync(path, 'a', 0o600))
  const database = new Database(path, { readwrite: true })
  try {
    database.run('PRAGMA locking_mode = EXCLUSIVE')
    database.run('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { code?: string }).code === 'SQLITE_BUSY') throw new DataInUseError(data)
    throw error
  }
  return { release: () => database.close() }
}
