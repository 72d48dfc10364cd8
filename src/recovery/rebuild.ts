import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hasClosedMark } from '../blobs/filesystem/closed-mark.ts'
import { lockData } from '../blobs/filesystem/data-lock.ts'
import { listStoredObjects, readObject, type StoredObject } from '../blobs/filesystem/stored-objects.ts'
import { requireBlobsPlace } from '../blobs-place.ts'
import {
  becomeOwner,
  DataDirectoryError,
  hasJournal,
  journalDirectory,
  metadataFile,
} from '../data-directory.ts'
import { type Loss, Told } from '../metadata/sqlite/rebuild/losses.ts'
import { type FoundObject, RebuiltDatabase } from '../metadata/sqlite/rebuild/rebuilt-database.ts'
import type { Digest } from '../oci/digest.ts'
import { version } from '../version.ts'
import { syncPath } from './durable-files.ts'
import { sideBySide } from './side-by-side.ts'

export type { Loss }

export interface Rebuild {
  readonly data: string
  /** Objects are taken for what their names say, and only those are read of which there are several. */
  readonly quick: boolean
  /** Milliseconds since 1970. */
  readonly now: number
  progress(step: 'journal' | 'objects' | 'bytes', done: number): void
}

export interface Rebuilt {
  /** Whether the registry has, or ever had, accounts. */
  readonly closed: boolean
  /** Repositories that are private now because nothing proves that they are public. */
  readonly hidden: number
  readonly repositories: number
  readonly manifests: number
  readonly tags: number
  readonly blobs: number
  /** Deletions that can be taken back. */
  readonly trash: number
  /** What could not be brought back. */
  readonly losses: Told<Loss>
  /** Objects that nothing refers to; they stay where they are. */
  readonly unknown: Told<FoundObject> & { bytes: number }
  /** Files that are no objects of a registry's. */
  readonly strange: Told<string>
  /** What open uploads left; the collector removes it. */
  readonly uploads: number
  /** Where the database that lay there is now; undefined: there was none. */
  readonly movedTo: string | undefined
}

/** Objects that are read at a time. */
const readers = 4

/**
 * Makes the database anew from the journal and from what lies in storage. Nothing is removed; until the last moment
 * nothing is changed either.
 * @throws DataInUseError while a server runs; DataDirectoryError where there is nothing to go by
 */
export async function rebuild(options: Rebuild): Promise<Rebuilt> {
  const data = resolve(options.data)
  if (!existsSync(data) || !hasJournal(data)) {
    throw new DataDirectoryError(
      `there is no journal in ${journalDirectory(data)}, and only it tells which repository holds what: restore a backup instead (berth restore --help)`,
    )
  }
  becomeOwner(data)
  const lock = lockData(data)
  try {
    return await rebuildLocked({ ...options, data })
  } finally {
    lock.release()
  }
}

async function rebuildLocked(options: Rebuild): Promise<Rebuilt> {
  const { data, now } = options
  const path = `${metadataFile(data)}.rebuild`
  const database = await RebuiltDatabase.create({ path, berth: version, now })
  try {
    await database.replay(journalDirectory(data), (records) => options.progress('journal', records))
    // Of blobs that lie in a bucket none would be found here, and nothing of the registry would come back.
    await requireBlobsPlace(
      { getState: async (key) => database.state(key) },
      { blobs: { identity: async () => undefined }, place: data, together: true },
    )
    const { strange, uploads } = await findObjects(database, options)
    const access = database.assemble({ marked: await hasClosedMark(data) })
    const report = {
      ...access,
      repositories: database.count('repositories'),
      manifests: database.count('manifests'),
      tags: database.count('tags'),
      blobs: database.count('blobs'),
      trash: database.count('trash'),
      losses: database.losses,
      unknown: unknownOf(database),
      strange,
      uploads,
    }
    database.finish()
    await syncPath(path)
    const movedTo = await moveAside(data, now)
    await rename(path, metadataFile(data))
    await syncPath(data)
    return { ...report, movedTo }
  } catch (error) {
    database.abandon(path)
    throw error
  }
}

/** @returns files that are no objects, and how many uploads had written something */
async function findObjects(
  database: RebuiltDatabase,
  options: Rebuild,
): Promise<Pick<Rebuilt, 'strange' | 'uploads'>> {
  const { data, quick } = options
  const strange = new Told<string>()
  let uploads = 0
  let objects = 0
  let bytes = 0
  await sideBySide(listStoredObjects(data), quick ? 1 : readers, async (entry) => {
    if ('strange' in entry) return strange.add(entry.strange)
    if ('upload' in entry) {
      uploads += 1
      return database.addRemains(entry.upload)
    }
    const sound = quick || (await isSound(data, entry))
    database.addObject({
      objectKey: entry.key,
      digest: entry.digest,
      size: entry.size,
      madeAt: entry.modifiedAt,
      sound,
    })
    objects += 1
    bytes += entry.size
    options.progress(quick ? 'objects' : 'bytes', quick ? objects : bytes)
  })
  // A push that was cut off may have left a part of an object beside the whole one.
  if (quick) {
    for (const { objectKey, digest } of database.doubtful()) {
      if (!(await isSound(data, { key: objectKey, digest: digest as Digest }))) database.setDamaged(objectKey)
    }
  }
  return { strange, uploads }
}

/** What can't be read is damaged, whatever the reason. */
async function isSound(
  data: string,
  { key, digest }: Pick<StoredObject, 'key' | 'digest'>,
): Promise<boolean> {
  try {
    return (await readObject(join(data, key), digest)).digest === digest
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return false
    throw error
  }
}

function unknownOf(database: RebuiltDatabase): Rebuilt['unknown'] {
  const unknown = Object.assign(new Told<FoundObject>(), { bytes: 0 })
  for (const object of database.unknownObjects()) {
    unknown.add(object)
    unknown.bytes += object.size
  }
  return unknown
}

/** The files of a database keep their names' endings, so that SQLite still opens it where it is then. */
async function moveAside(data: string, now: number): Promise<string | undefined> {
  const file = metadataFile(data)
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const target = `${file}.${stamp}.old`
  let moved = false
  // The database first: a crash in between leaves none, which the server refuses, rather than one without its log.
  for (const suffix of ['', '-wal', '-shm']) {
    if (!existsSync(`${file}${suffix}`)) continue
    await rename(`${file}${suffix}`, `${target}${suffix}`)
    moved = true
  }
  return moved ? target : undefined
}
