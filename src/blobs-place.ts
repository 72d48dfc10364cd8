import type { BearsIdentity } from './blobs/blob-store.ts'
import { DataDirectoryError } from './data-directory.ts'
import { away, unlessAway } from './in-time.ts'
import type { ChangesMetadata, KeepsState } from './metadata/metadata-store.ts'

/** A store of blobs as the settings name it. */
export interface BlobsPlace {
  readonly blobs: BearsIdentity
  /** `/var/lib/berth`, or `s3://bucket/prefix/`. */
  readonly place: string
  /**
   * Whether the metadata lies in the same directory: then no settings can name one without the other, and a copy of
   * both, or what a backup or a rebuild made, is a place of its own.
   */
  readonly together?: boolean
}

/** The state under which the metadata says where the blobs lie. */
export const blobsPlaceKey = 'blobs.place'

interface Recorded {
  /** Written into the store too, so that it may be moved. */
  readonly identity: string
  /** Where it was when a server last started. */
  readonly place: string
}

/**
 * Puts on record where the blobs lie, or sees that they lie where the record says. With settings that name another
 * place, everything would seem to be lost, and what is pushed would be so for whoever mends the settings.
 * @throws DataDirectoryError where they lie elsewhere
 */
export async function settleBlobsPlace(
  metadata: ChangesMetadata & KeepsState,
  here: BlobsPlace,
): Promise<void> {
  const recorded = await recordedPlace(metadata)
  if (recorded && !isOwnPlace(recorded, here)) {
    await requireRecorded(recorded, here)
    if (recorded.place !== here.place)
      await metadata.change('setState', stateOf({ identity: recorded.identity, place: here.place }))
    return
  }
  const state = await unlessAway(recordOfPlace(here))
  if (state !== away && state.value !== (await metadata.getState(blobsPlaceKey)))
    await metadata.change('setState', state)
}

/** The same for whoever must not write. @throws DataDirectoryError where they lie elsewhere */
export async function requireBlobsPlace(
  metadata: KeepsState,
  here: Omit<BlobsPlace, 'blobs'> & { blobs: Pick<BearsIdentity, 'identity'> },
): Promise<void> {
  const recorded = await recordedPlace(metadata)
  if (recorded && !isOwnPlace(recorded, here)) await requireRecorded(recorded, here)
}

/**
 * What must be on record in the metadata of a registry whose blobs lie here from now on; the store gets an identity
 * unless it has one.
 */
export async function recordOfPlace({ blobs, place }: BlobsPlace): Promise<{ key: string; value: string }> {
  return stateOf({ identity: await blobs.identify(crypto.randomUUID()), place })
}

/** What a copy of the blobs must be identified with to be taken for them; undefined: nothing is on record. */
export async function recordedIdentity(metadata: KeepsState): Promise<string | undefined> {
  return (await recordedPlace(metadata))?.identity
}

function stateOf(recorded: Recorded): { key: string; value: string } {
  return { key: blobsPlaceKey, value: JSON.stringify(recorded) }
}

async function recordedPlace(metadata: KeepsState): Promise<Recorded | undefined> {
  const value = await metadata.getState(blobsPlaceKey)
  return value === undefined ? undefined : (JSON.parse(value) as Recorded)
}

function isOwnPlace(recorded: Recorded, { together }: Pick<BlobsPlace, 'together'>): boolean {
  return together === true && !isBucket(recorded.place)
}

async function requireRecorded(
  recorded: Recorded,
  { blobs, place }: Parameters<typeof requireBlobsPlace>[1],
): Promise<void> {
  const found = await unlessAway(blobs.identity())
  if (found === recorded.identity || (found === away && place === recorded.place)) return
  throw new DataDirectoryError(
    place === recorded.place ? changedText(recorded, found) : elsewhereText(recorded, place, found),
  )
}

function elsewhereText(recorded: Recorded, place: string, found: string | undefined | typeof away): string {
  const there =
    found === away
      ? 'which does not answer'
      : found === undefined
        ? 'where none of them lie'
        : 'where those of another registry lie'
  return `the blobs of this registry lie in ${recorded.place}, and the settings name ${place}, ${there}: ${remedy(recorded.place)}. If you moved them there yourself, ${markText(recorded, place)}`
}

function changedText(recorded: Recorded, found: string | undefined | typeof away): string {
  const there =
    found === undefined ? 'nothing there says that they do' : 'those of another registry are there'
  return `the blobs of this registry should lie in ${recorded.place}, and ${there}: see that its filesystem is mounted, or its bucket the right one. If you brought them back there yourself, ${markText(recorded, recorded.place)}`
}

function remedy(place: string): string {
  return isBucket(place)
    ? 'name that bucket again (settings storage.s3.bucket, storage.s3.prefix and storage.s3.endpoint)'
    : 'name that directory again (--data or BERTH_DATA), and no bucket (setting storage.s3.bucket)'
}

function markText({ identity }: Recorded, place: string): string {
  const [kind, name] = isBucket(place) ? ['object', `${place}identity`] : ['file', `${place}/identity`]
  return `write ${identity} into the ${kind} ${name}`
}

function isBucket(place: string): boolean {
  return place.startsWith('s3://')
}
