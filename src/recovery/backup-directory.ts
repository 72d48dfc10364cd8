import { statSync } from 'node:fs'
import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { DataInUseError, lockData } from '../blobs/filesystem/data-lock.ts'
import { DurableDirectories } from '../blobs/filesystem/durable-directories.ts'
import { DataDirectoryError } from '../data-directory.ts'
import { writeDurably } from './durable-files.ts'

/*
 * DIR/
 *   backup.json            what the backup is of, and which metadata belongs to it: there once it is whole
 *   metadata/<time>.sqlite a copy of the metadata
 *   blobs/…                the objects, under the same keys as in a data directory
 *   lock                   held while a backup is written
 */

export interface BackupRecord {
  readonly format: 1
  /** Which registry it is of. */
  readonly registry: string
  /** The version that wrote it. */
  readonly berth: string
  /** The path of the metadata in the backup, and the digest of that file. */
  readonly metadata: string
  readonly metadataDigest: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly finishedAt: string
  readonly objects: number
  readonly bytes: number
  /** Objects that the registry has lost or damaged, and no earlier backup held. */
  readonly damaged: number
}

export const recordFile = 'backup.json'

/** @returns undefined where no backup was finished */
export async function readRecord(directory: string): Promise<BackupRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, recordFile), 'utf8')) as BackupRecord
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DataDirectoryError(
      `${join(directory, recordFile)} can not be read: ${(error as Error).message}`,
    )
  }
}

export async function writeRecord(directory: string, record: BackupRecord): Promise<void> {
  await writeDurably(join(directory, recordFile), `${JSON.stringify(record, null, 2)}\n`)
}

/** Which registry a backup is of, from its first moment on: an interrupted one may be gone on with. */
const ownerFile = 'registry'

/**
 * Makes the directory this registry's backup, if it is empty or that already, and keeps others from writing to it.
 * @throws DataDirectoryError
 */
export async function claimBackup(
  directory: string,
  { data, registry }: { data: string; registry: string },
): Promise<{ release(): void }> {
  if (contains(data, directory) || contains(directory, data))
    throw new DataDirectoryError(`a backup can't lie in the data directory ${data}, nor that in the backup`)
  await makePrivate(directory)
  const names = (await readdir(directory)).filter((name) => name !== 'lost+found')
  if (!names.includes(ownerFile) && names.length > 0) {
    throw new DataDirectoryError(
      `${directory} is neither empty nor a backup: nothing was written; name another directory`,
    )
  }
  if (names.length === 0) await writeDurably(join(directory, ownerFile), `${registry}\n`)
  const owner = (await readFile(join(directory, ownerFile), 'utf8')).trim()
  if (owner !== registry) {
    throw new DataDirectoryError(
      `${directory} is the backup of another registry: nothing was written; name another directory`,
    )
  }
  return lockBackup(directory)
}

export function lockBackup(directory: string): { release(): void } {
  try {
    return lockData(directory)
  } catch (error) {
    if (!(error instanceof DataInUseError)) throw error
    throw new DataDirectoryError(
      `another command is at work on the backup ${directory}: wait until it is done`,
    )
  }
}

/** An empty file that only this user reads, for SQLite to fill. */
export async function makeMetadataFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await (await open(path, 'wx', 0o600)).close()
}

async function makePrivate(directory: string): Promise<void> {
  const directories = new DurableDirectories()
  try {
    await directories.make(directory)
  } finally {
    await directories.close()
  }
  if (!statSync(directory).isDirectory()) throw new DataDirectoryError(`${directory} is not a directory`)
}

function contains(outer: string, inner: string): boolean {
  return `${resolve(inner)}${sep}`.startsWith(`${resolve(outer)}${sep}`)
}
