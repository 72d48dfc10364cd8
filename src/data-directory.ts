import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { lockData } from './blobs/filesystem/data-lock.ts'
import { DurableDirectories } from './blobs/filesystem/durable-directories.ts'
import { FilesystemBlobStore } from './blobs/filesystem/filesystem-blob-store.ts'
import type { WriterClaims } from './blobs/filesystem/writer-claims.ts'
import type { AuditState, ChangesMetadata, JournalState, MetadataStore } from './metadata/metadata-store.ts'
import { openSqliteMetadataStore } from './metadata/sqlite/sqlite-metadata-store.ts'
import { version } from './version.ts'

/** A data directory that is open: its blobs and its metadata. */
export interface DataDirectory extends AsyncDisposable {
  readonly path: string
  readonly blobs: FilesystemBlobStore
  readonly metadata: MetadataStore
}

export interface OpenOptions {
  readonly data: string
  /** Bytes of memory for small objects that are read often; none unless given. */
  readonly cacheSize?: number
  /** Refuses while another process has the directory exclusively, as a server has. */
  readonly exclusive?: boolean
  /** Who opens it exclusively keeps the journal, and hears here how far that is. */
  journalTold?(state: JournalState): void
  /** Hears how far the audit log of this process is. */
  auditTold?(state: AuditState): void
  /** Whether other processes serve it for this one, which has it exclusively. */
  readonly shared?: boolean
  /** The process that has it exclusively, for one that serves beside it: changes and claims of uploads go there. */
  readonly owner?: ChangesMetadata & WriterClaims
}

/** The directory can't be used by this command: the message says why and what to do. */
export class DataDirectoryError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DataDirectoryError'
  }
}

/** Opens a data directory, and makes it if it is not there. @throws DataInUseError, DatabaseTooNewError */
export async function openDataDirectory(options: OpenOptions): Promise<DataDirectory> {
  const path = resolve(options.data)
  const blobs = await openDirectoryBlobs(options)
  try {
    const metadata = await openDirectoryMetadata(options)
    return {
      path,
      blobs,
      metadata: metadata.store,
      async [Symbol.asyncDispose]() {
        await metadata.close()
        await blobs.close()
      },
    }
  } catch (error) {
    await blobs.close()
    throw error
  }
}

/** The blobs of a data directory, which is made if it is not there. */
export function openDirectoryBlobs(options: OpenOptions): Promise<FilesystemBlobStore> {
  return FilesystemBlobStore.open({
    data: resolve(options.data),
    cacheSize: options.cacheSize ?? 0,
    claims: options.owner,
  })
}

/** The metadata of a data directory, which is made if it is not there. @throws DataInUseError, DatabaseTooNewError */
export async function openDirectoryMetadata(
  options: OpenOptions,
): Promise<{ readonly store: MetadataStore; close(): Promise<void> }> {
  const path = resolve(options.data)
  const closing = new AsyncDisposableStack()
  try {
    const directories = new DurableDirectories()
    closing.defer(() => directories.close())
    await directories.make(path)
    if (options.exclusive) {
      const lock = lockData(path)
      closing.defer(() => lock.release())
    }
    requireMetadata(path)
    const store = await openSqliteMetadataStore({
      path: metadataFile(path),
      berth: version,
      auditTold: options.auditTold,
      ...(options.owner && { changes: options.owner }),
      ...((options.shared || options.owner) && { signal: join(path, 'commits') }),
      ...(options.exclusive && {
        journal: { directory: journalDirectory(path), told: options.journalTold ?? (() => undefined) },
      }),
    })
    closing.defer(() => store.close())
    // The files that SQLite made, and the lock, are durable by name too.
    await directories.sync(path)
    return { store, close: () => closing.disposeAsync() }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

/**
 * Opens a data directory that is there, for a command beside the server that may serve it.
 * @throws DataDirectoryError where there is none, or where files of this user's would stop the server
 */
export function openExistingData(options: OpenOptions): Promise<DataDirectory> {
  requireRegistry(options.data)
  return openDataDirectory(options)
}

/**
 * Sees that a registry's metadata lies in the directory, and becomes the user who owns it.
 * @throws DataDirectoryError where there is none, or where files of this user's would stop the server
 */
export function requireRegistry(data: string): void {
  const path = resolve(data)
  requireMetadata(path)
  if (!existsSync(metadataFile(path))) {
    throw new DataDirectoryError(
      `there is no registry in ${path}: name its data directory with --data or BERTH_DATA`,
    )
  }
  becomeOwner(path)
}

/**
 * Sees that the directory holds a registry or can become one, and becomes the user who owns it.
 * @throws DataDirectoryError where something else lies in it, or where files of this user's would stop the server
 */
export function requireRegistryOrRoom(data: string): void {
  const path = resolve(data)
  requireMetadata(path)
  if (!existsSync(path)) return
  if (!existsSync(metadataFile(path)) && readdirSync(path).some((name) => !ownNames.includes(name)))
    throw new DataDirectoryError(
      `${path} holds other things than a registry: name an empty or a new directory with --data`,
    )
  becomeOwner(path)
}

/** What an opening that was interrupted may leave, and what a filesystem has at its root. */
const ownNames: readonly string[] = [
  'blobs',
  'uploads',
  'lock',
  'commits',
  'closed',
  'identity',
  'lost+found',
]

/**
 * Where the journal tells of a registry whose database is gone, an empty one in its place would hide what can be brought
 * back, and its journal would soon forget it.
 * @throws DataDirectoryError
 */
function requireMetadata(path: string): void {
  if (existsSync(unfinishedRestore(path))) {
    throw new DataDirectoryError(
      `${path} is not restored to the end: run the same \`berth restore\` again, or remove the directory`,
    )
  }
  if (existsSync(metadataFile(path)) || !hasJournal(path)) return
  throw new DataDirectoryError(
    `${metadataFile(path)} is gone, but its journal is there: bring it back with \`berth rebuild --data ${path}\`, or move ${journalDirectory(path)} away to begin an empty registry`,
  )
}

export function hasJournal(path: string): boolean {
  const directory = journalDirectory(path)
  return existsSync(directory) && readdirSync(directory).some((name) => /\.(?:log|snapshot)$/.test(name))
}

export function journalDirectory(data: string): string {
  return join(data, 'journal')
}

/** Lies in a data directory until a restore into it is whole. */
export function unfinishedRestore(data: string): string {
  return join(data, 'unfinished-restore')
}

export function metadataFile(data: string): string {
  return join(data, 'metadata.sqlite')
}

/** What this process makes must be the server's to write: a journal of root's would stop it. */
export function becomeOwner(path: string): void {
  const { uid, gid } = statSync(path)
  const own = process.geteuid?.()
  if (own === undefined || own === uid) return
  if (own !== 0) {
    throw new DataDirectoryError(
      `${path} belongs to the user ${uid}, and you are ${own}: run the command as that user, or as root`,
    )
  }
  process.setgid?.(gid)
  process.setuid?.(uid)
}
