import type { Database } from 'bun:sqlite'

/** What every connection to the embedded database is set to. */
export function configureConnection(database: Database): void {
  // Commands beside the server write too: wait for them rather than fail.
  database.run('PRAGMA busy_timeout = 10000')
  database.run('PRAGMA journal_mode = WAL')
  // A container's image has no directory for temporary files.
  database.run('PRAGMA temp_store = MEMORY')
  database.run('PRAGMA foreign_keys = ON')
}
