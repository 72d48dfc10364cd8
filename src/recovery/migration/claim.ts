import type {
  BearsIdentity,
  BlobStore,
  ListsStorage,
  MarksClosed,
  ReadsObjects,
  TakesMigration,
} from '../../blobs/blob-store.ts'
import { DataDirectoryError } from '../../data-directory.ts'
import type { MetadataTarget } from '../../metadata/migration-target.ts'
import { type FinishedNote, type MigrationNote, readNote, writeNote } from './note.ts'

/** A bucket that blobs move into. */
export interface BlobTarget {
  readonly place: string
  readonly store: BlobStore & ListsStorage & ReadsObjects & TakesMigration & BearsIdentity & MarksClosed
}

export interface Targets {
  readonly metadata: MetadataTarget | undefined
  readonly blobs: BlobTarget | undefined
}

export interface Claimant {
  readonly registry: string
  readonly data: string
  /** How the source's switch is; undefined: it takes writes. */
  readonly switch: string | undefined
}

/** What the targets say, before anything is written there: undefined where they are empty. */
export interface Claims {
  readonly metadata: MigrationNote | undefined
  readonly blobs: MigrationNote | undefined
}

/** Looks at the targets. @throws DataDirectoryError where one is neither empty nor of a migration of this registry */
export async function examine({ metadata, blobs }: Targets, claimant: Claimant): Promise<Claims> {
  const inDatabase = metadata && (await noteOfDatabase(metadata))
  const inBucket = blobs && (await noteOfBucket(blobs))
  if (metadata && inDatabase)
    requireOwn(inDatabase, { ...claimant, place: metadata.place, remedy: 'make an empty database' })
  // The bucket is done before the database: until that is done too, no server was there, and both are gone on with.
  const together = inDatabase?.state === 'unfinished' && inDatabase.startedAt === inBucket?.startedAt
  if (blobs && inBucket && !together)
    requireOwn(inBucket, { ...claimant, place: blobs.place, remedy: 'name another prefix' })
  return { metadata: inDatabase, blobs: inBucket }
}

/** Puts on record that this registry moves there: from now on no server starts on it before all is there. */
export async function claim(
  { metadata, blobs }: Targets,
  claims: Claims,
  note: MigrationNote,
): Promise<void> {
  if (metadata && !claims.metadata) await metadata.claim(writeNote(note))
  if (blobs && !claims.blobs) await blobs.store.setMigration(writeNote(note))
}

/** The note of a migration that all targets say was finished, and after which the source did not change. */
export function finishedAlready({ metadata, blobs }: Targets, claims: Claims): FinishedNote | undefined {
  const notes = [...(metadata ? [claims.metadata] : []), ...(blobs ? [claims.blobs] : [])]
  const finished = notes.filter((note) => note?.state === 'finished')
  return finished.length === notes.length ? finished[0] : undefined
}

async function noteOfDatabase(target: MetadataTarget): Promise<MigrationNote | undefined> {
  const found = await target.state()
  if (found.state === 'empty') return undefined
  if (found.state === 'noted') return readNote(found.note)
  throw new DataDirectoryError(
    `${target.place} holds ${found.what} already: name an empty database; nothing was written`,
  )
}

async function noteOfBucket({ place, store }: BlobTarget): Promise<MigrationNote | undefined> {
  const note = await store.migration()
  if (note !== undefined) return readNote(note)
  for await (const page of store.listStorage()) {
    const [first] = page
    if (!first) continue
    throw new DataDirectoryError(
      `${place} is not empty (${first.name} lies there): name an empty bucket, or another prefix; nothing was written`,
    )
  }
  return undefined
}

function requireOwn(note: MigrationNote, claimant: Claimant & { place: string; remedy: string }): void {
  const { place, remedy } = claimant
  if (note.registry !== claimant.registry) {
    throw new DataDirectoryError(
      `another registry (from ${note.from}) was migrated to ${place}: ${remedy}; nothing was written`,
    )
  }
  if (note.state === 'finished' && note.switch !== claimant.switch) {
    throw new DataDirectoryError(
      `this registry was migrated to ${place} at ${note.finishedAt}, and took writes here since: to migrate it again, ${remedy}; nothing was written`,
    )
  }
}
