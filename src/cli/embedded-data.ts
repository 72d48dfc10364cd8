import { usesPostgres } from '../stores.ts'
import { CommandError } from './command.ts'
import { settingsOf } from './settings.ts'

/**
 * The data directory of a command that copies or remakes all that lies there, the database too.
 * @throws CommandError where the database is PostgreSQL
 */
export async function embeddedDataOf(values: Parameters<typeof settingsOf>[0]): Promise<string> {
  const settings = await settingsOf(values)
  if (!usesPostgres(settings)) return settings.data
  throw new CommandError(
    'the metadata of this registry is in PostgreSQL (setting metadata.url), which is backed up and restored with its own means, such as pg_dump or a base backup with its WAL; this command is for a registry that keeps everything in its data directory. Keep gc.keep-objects longer than the age of the oldest backup that you would restore',
  )
}
