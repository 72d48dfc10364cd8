import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, copyFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { lockData } from '../blobs/filesystem/data-lock.ts'
import { DurableDirectories } from '../blobs/filesystem/durable-directories.ts'
import { readObject } from '../blobs/filesystem/stored-objects.ts'
import { becomeOwner, DataDirectoryError, metadataFile, unfinishedRestore } from '../data-directory.ts'
import { type CopiedBlob, MetadataCopy } from '../metadata/sqlite/metadata-copy.ts'
import type { Digest } from '../oci/digest.ts'
import type { DamagedObject } from './backup.ts'
import { type BackupRecord, readRecord, recordFile } from './backup-directory.ts'
import { copyObject } from './copy-object.ts'
import { syncPath, writeDurably } from './durable-files.ts'
import { sideBySide } from './side-by-side.ts'
import { Tally } from './tally.ts'

export interface Restore {
  /** The backup. */
  readonly directory: string
  /** Where to; empty or not there. */
  readonly data: string
  readonly link: boolean
  /** Milliseconds since 1970. */
  now(): number
  progress(state: { done: number; total: number }): void
}

export interface Restored {
  readonly data: string
  readonly record: BackupRecord
  readonly copied: Tally
  /** Objects that the backup does not hold whole. */
  readonly damaged: readonly DamagedObject[]
  /** Manifests whose bytes are not what their digest says. */
  readonly damagedManifests: readonly { readonly repository: string; readonly digest: Digest }[]
}

const copiers = 8

/**
 * Makes a data directory from a backup. Everything is read and checked; the metadata comes last, and without it the
 * directory is none that a server starts on. One that was interrupted is gone on with.
 * @throws DataDirectoryError
 */
export async function restore(options: Restore): Promise<Restored> {
  const [directory, data] = [resolve(options.directory), resolve(options.data)]
  const record = await readRecord(directory)
  if (!record) {
    throw new DataDirectoryError(`${directory} holds no backup that was finished: ${recordFile} is not there`)
  }
  if (record.format !== 1)
    throw new DataDirectoryError(
      `${directory} was written by a newer Berth (${record.berth}): restore it with that`,
    )
  const directories = new DurableDirectories()
  try {
    await directories.make(data)
    requireRoom(data, record)
    becomeOwner(data)
    await writeDurably(unfinishedRestore(data), JSON.stringify({ registry: record.registry }))
    const lock = lockData(data)
    try {
      return await restoreInto({ ...options, directory, data }, record, directories)
    } finally {
      lock.release()
    }
  } finally {
    await directories.close()
  }
}

/** @throws DataDirectoryError unless nothing lies there, or what an interrupted restore of this registry left */
function requireRoom(data: string, { registry }: BackupRecord): void {
  if (!statSync(data).isDirectory()) throw new DataDirectoryError(`${data} is not a directory`)
  const marker = unfinishedRestore(data)
  if (existsSync(marker)) {
    const begun = JSON.parse(readFileSync(marker, 'utf8')) as { registry?: string }
    if (begun.registry === registry) return
  } else if (readdirSync(data).every((name) => name === 'lost+found')) return
  throw new DataDirectoryError(
    `${data} is not empty: nothing was written; name a directory that is empty or new`,
  )
}

async function restoreInto(
  options: Restore,
  record: BackupRecord,
  directories: DurableDirectories,
): Promise<Restored> {
  const { directory, data } = options
  const path = `${metadataFile(data)}.restore`
  await copyRecordedMetadata(join(directory, record.metadata), path, record)
  const metadata = new MetadataCopy(path)
  const copied = new Tally()
  const damaged: DamagedObject[] = []
  let damagedManifests: Restored['damagedManifests']
  try {
    metadata.check()
    damagedManifests = [...metadata.damagedManifests()]
    const total = metadata.total().bytes
    const touched = new Set<string>()
    let done = 0
    await sideBySide(metadata.blobs(), copiers, async (blob) => {
      const why = await restoreObject({ ...options, directories }, blob, (bytes) => {
        done += bytes
        options.progress({ done, total })
      })
      if (why) {
        damaged.push({ digest: blob.digest, objectKey: blob.objectKey, why })
        if (!blob.damaged) metadata.setDamaged({ digest: blob.digest, at: options.now() })
        return
      }
      copied.add(blob.size)
      touched.add(dirname(join(data, blob.objectKey)))
    })
    for (const each of touched) await directories.sync(each)
  } finally {
    metadata.close()
  }
  await syncPath(path)
  await rename(path, metadataFile(data))
  await directories.sync(data)
  await rm(unfinishedRestore(data))
  await directories.sync(data)
  return { data, record, copied, damaged, damagedManifests }
}

async function copyRecordedMetadata(from: string, to: string, record: BackupRecord): Promise<void> {
  await copyFile(from, to)
  await chmod(to, 0o600)
  const { digest } = await readObject(to, record.metadataDigest as Digest)
  if (digest !== record.metadataDigest)
    throw new DataDirectoryError(
      `${from} is damaged: it is not what ${recordFile} says; nothing can be restored from it`,
    )
}

/** @returns why there is no whole copy; undefined: there is one */
async function restoreObject(
  { directory, data, link, directories }: Restore & { directories: DurableDirectories },
  { digest, objectKey, size, damaged }: CopiedBlob,
  progress: (bytes: number) => void,
): Promise<DamagedObject['why'] | undefined> {
  if (damaged) return 'damaged'
  const to = join(data, objectKey)
  await directories.make(dirname(to))
  const outcome = await copyObject({
    from: join(directory, objectKey),
    to,
    digest,
    size,
    link,
    verify: true,
    progress,
  })
  return outcome === 'copied' ? undefined : outcome
}
