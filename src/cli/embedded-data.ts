import { join } from 'node:path'
import { isShared, usesPostgres } from '../stores.ts'
import { CommandError } from './command.ts'
import { settingsOf } from './settings.ts'

/**
 * The data directory of a command that copies or remakes all that lies there, database and blobs.
 * @throws CommandError where the database is PostgreSQL, or the blobs lie in a bucket
 */
export async function embeddedDataOf(values: Parameters<typeof settingsOf>[0]): Promise<string> {
  const settings = await settingsOf(values)
  if (!isShared(settings)) return settings.data
  if (!usesPostgres(settings))
    throw new CommandError(
      `the blobs of this registry lie in a bucket (setting storage.s3.bucket), and this command is for a registry that keeps everything in its data directory. Copy the metadata while the server runs: sqlite3 ${join(settings.data, 'metadata.sqlite')} "VACUUM INTO '/backup/metadata.sqlite'"; and have the storage copy the bucket. Keep gc.keep-objects longer than the age of the oldest copy that you would go back to`,
    )
  throw new CommandError(
    'the metadata of this registry is in PostgreSQL (setting metadata.url), which is backed up and restored with its own means, such as pg_dump or a base backup with its WAL; this command is for a registry that keeps everything in its data directory. Keep gc.keep-objects longer than the age of the oldest backup that you would restore',
  )
}
