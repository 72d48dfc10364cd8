import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { attributionOf, inTheNameOf } from './access/attribution.ts'
import { operator } from './access/identity.ts'
import { operatorName } from './access/operator-name.ts'
import type {
  AdoptsFiles,
  BearsIdentity,
  BlobStore,
  KeepsUploadKeys,
  ListsStorage,
  MarksClosed,
  PresignsReads,
  ReadsObjects,
  ReadsUploads,
  ReportsFreeSpace,
  RevokesUploads,
} from './blobs/blob-store.ts'
import type { WriterClaims } from './blobs/filesystem/writer-claims.ts'
import { requireBlobsPlace, settleBlobsPlace } from './blobs-place.ts'
import type { Settings } from './config/settings.ts'
import {
  becomeOwner,
  DataDirectoryError,
  metadataFile,
  openDirectoryBlobs,
  openDirectoryMetadata,
  requireRegistry,
  requireRegistryOrRoom,
} from './data-directory.ts'
import { away, unlessAway } from './in-time.ts'
import { DatabaseClock } from './metadata/database-clock.ts'
import type { AuditState, ChangesMetadata, JournalState, MetadataStore } from './metadata/metadata-store.ts'
import { migrationKey, unfinishedMigration } from './recovery/migration/note.ts'
import { placeOfBucket, postgresOptionsOf, s3OptionsOf } from './store-options.ts'

/** Where a registry keeps what it holds: the stores that its settings ask for, open. */
export interface Stores extends AsyncDisposable {
  readonly metadata: MetadataStore
  readonly blobs: Blobs
  readonly places: Places
  /** Milliseconds since 1970, by the clock that all ages go by. */
  now(): number
}

export type Blobs = BlobStore &
  ReadsObjects &
  ListsStorage &
  BearsIdentity &
  Partial<
    ReportsFreeSpace &
      AdoptsFiles &
      MarksClosed &
      RevokesUploads &
      ReadsUploads &
      KeepsUploadKeys &
      PresignsReads
  >

/** What the stores are called for people; without passwords. */
export interface Places {
  /** `/var/lib/berth`, or `postgres://db.example.com/berth`. */
  readonly metadata: string
  readonly blobs: string
}

/** The settings that say which stores, and how they are used. */
export type StoreSettings = Pick<
  Settings,
  'data' | 'storage.cache' | Extract<keyof Settings, `metadata.${string}` | `storage.s3.${string}`>
>

interface ServerOptions {
  /** Who keeps the journal hears here how far that is. */
  journalTold?(state: JournalState): void
  /** Hears how far the audit log of this process is. */
  auditTold?(state: AuditState): void
  /** Whether other processes serve for this one. */
  readonly shared?: boolean
  /** The process that this one serves for: changes of embedded metadata and claims of uploads go there. */
  readonly owner?: ChangesMetadata & WriterClaims
}

/** Opens the stores for a server, and makes what is not there. @throws DataInUseError, DatabaseTooNewError */
export function openStores(settings: StoreSettings, server: ServerOptions = {}): Promise<Stores> {
  if (usesPostgres(settings) && keepsBlobsInDirectory(settings)) requireNoMetadata(settings.data)
  return open(settings, { server })
}

/**
 * Opens the stores of a registry that is there, for a command beside the servers that may serve it.
 * @throws DataDirectoryError where there is none, or where files of this user's would stop the server
 */
export async function openExistingStores(settings: StoreSettings): Promise<Stores> {
  if (!usesPostgres(settings)) requireRegistry(settings.data)
  else if (keepsBlobsInDirectory(settings)) requireBlobs(settings.data)
  return open(settings, { existing: true })
}

/**
 * Opens the stores for a command beside the servers that may serve them, and makes what is not there.
 * @throws DataDirectoryError where something else lies in the directory, or where files of this user's would stop the server
 */
export async function openOrMakeStores(settings: StoreSettings): Promise<Stores> {
  if (usesPostgres(settings) && keepsBlobsInDirectory(settings)) requireNoMetadata(settings.data)
  if (usesDirectory(settings)) requireRegistryOrRoom(settings.data)
  return open(settings)
}

/**
 * Opens the stores for a command that may make the first account. Servers on shared stores do not start without one, so it
 * makes those that are not there; a data directory that is not there is more likely a slip of the pen.
 * @throws DataDirectoryError
 */
export function openStoresToBegin(settings: StoreSettings): Promise<Stores> {
  return isShared(settings) ? openOrMakeStores(settings) : openExistingStores(settings)
}

/** Whether there is a registry that `openExistingStores` could open, as far as can be told without opening it. */
export function hasStores(settings: StoreSettings): boolean {
  return usesPostgres(settings) || existsSync(metadataFile(resolve(settings.data)))
}

/** Whether anything of the registry lies in the data directory. */
export function usesDirectory(settings: StoreSettings): boolean {
  return !usesPostgres(settings) || keepsBlobsInDirectory(settings)
}

export function usesPostgres(settings: StoreSettings): boolean {
  return settings['metadata.url'] !== null
}

/** Whether something of the registry is kept where several machines reach it. */
export function isShared(settings: StoreSettings): boolean {
  return usesPostgres(settings) || !keepsBlobsInDirectory(settings)
}

/** Whether other processes may go on with the uploads of this one. */
export function sharesUploads(settings: StoreSettings & Pick<Settings, 'workers'>): boolean {
  return isShared(settings) || settings.workers > 1
}

function keepsBlobsInDirectory(settings: StoreSettings): boolean {
  return settings['storage.s3.bucket'] === null
}

interface Opening {
  readonly server?: ServerOptions
  /** Nothing is made. */
  readonly existing?: boolean
}

async function open(settings: StoreSettings, opening: Opening = {}): Promise<Stores> {
  const operating = opening.server ? undefined : attributionOf(operator(operatorName()))
  const closing = new AsyncDisposableStack()
  try {
    const blobs = await openBlobs(settings, opening)
    closing.defer(blobs.close)
    const metadata = await openMetadata(settings, opening)
    closing.defer(metadata.close)
    const here = { blobs: blobs.store, place: blobs.place, together: metadata.place === blobs.place }
    if (opening.existing) await requireBlobsPlace(metadata.store, here)
    // The owner of several processes has looked for all of them.
    else if (!opening.server?.owner) await settleBlobsPlace(metadata.store, here)
    const clock = opening.server && usesPostgres(settings) ? await followClock(metadata.store) : undefined
    if (clock) closing.defer(clock.stop)
    return {
      metadata: operating ? inTheNameOf(metadata.store, operating) : metadata.store,
      blobs: blobs.store,
      places: { metadata: metadata.place, blobs: blobs.place },
      now: clock?.now ?? Date.now,
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

/** Within this time a clock of the database that was set is followed. Milliseconds. */
const clockInterval = 10_000

/** The clock of a database on another machine, for as long as the stores are open. */
async function followClock(metadata: MetadataStore): Promise<{ now(): number; stop(): void }> {
  const clock = await DatabaseClock.start({ metadata, monotonic: () => performance.now() })
  // While it does not answer, time goes on as it did.
  const timer = setInterval(() => void clock.look().catch(() => undefined), clockInterval)
  timer.unref()
  return { now: () => clock.now(), stop: () => clearInterval(timer) }
}

interface Opened<S> {
  readonly store: S
  readonly place: string
  close(): Promise<void>
}

/** Blobs in a bucket, or in the data directory. */
async function openBlobs(settings: StoreSettings, { server }: Opening): Promise<Opened<Blobs>> {
  const bucket = settings['storage.s3.bucket']
  if (bucket !== null) {
    // Most registries have no bucket, and need not load what speaks to one.
    const { S3BlobStore } = await import('./blobs/s3/s3-blob-store.ts')
    const store = new S3BlobStore(s3OptionsOf(settings, bucket))
    const place = placeOfBucket(settings)
    // PostgreSQL has the note itself, and keeps it until the bucket is done.
    if (!usesPostgres(settings)) {
      const note = await unlessAway(store.migration())
      if (note !== away) requireWhole(note, place)
    }
    return { store, place, close: async () => undefined }
  }
  const store = await openDirectoryBlobs({
    data: settings.data,
    cacheSize: settings['storage.cache'],
    ...(server?.owner && { owner: server.owner }),
  })
  return { store, place: resolve(settings.data), close: () => store.close() }
}

/** Metadata in PostgreSQL, or in the data directory. */
async function openMetadata(
  settings: StoreSettings,
  { server, existing }: Opening,
): Promise<Opened<MetadataStore>> {
  const address = settings['metadata.url']
  if (address === null) {
    const opened = await openDirectoryMetadata({
      data: settings.data,
      exclusive: !!server && !server.owner,
      ...server,
    })
    return { ...opened, place: resolve(settings.data) }
  }
  // Most registries have none, and need not load what speaks to one.
  const { openPostgresMetadataStore } = await import('./metadata/postgres/postgres-metadata-store.ts')
  const store = await openPostgresMetadataStore({
    ...postgresOptionsOf(settings, address),
    existing: existing ?? false,
    auditTold: server?.auditTold,
  })
  try {
    requireWhole(await store.getState(migrationKey), store.place)
    return { store, place: store.place, close: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A registry of which only a part is there would seem to have lost the rest. @throws DataDirectoryError */
function requireWhole(note: string | undefined, place: string): void {
  const why = unfinishedMigration(note, place)
  if (why !== undefined) throw new DataDirectoryError(why)
}

/** An embedded registry whose images PostgreSQL knows nothing of would seem to be empty. */
function requireNoMetadata(data: string): void {
  const path = resolve(data)
  if (!existsSync(metadataFile(path))) return
  throw new DataDirectoryError(
    `${metadataFile(path)} holds a registry of its own, and metadata.url names PostgreSQL: leave metadata.url out to serve that registry, or name another directory with --data; \`berth migrate\` moves one to PostgreSQL`,
  )
}

/** For a command on PostgreSQL whose blobs lie in the data directory: with another directory all would seem to be missing. */
function requireBlobs(data: string): void {
  const path = resolve(data)
  requireNoMetadata(path)
  if (!existsSync(join(path, 'blobs'))) {
    throw new DataDirectoryError(
      `there are no blobs in ${path}: name the data directory of the servers with --data or BERTH_DATA, or their bucket with storage.s3.bucket`,
    )
  }
  becomeOwner(path)
}
