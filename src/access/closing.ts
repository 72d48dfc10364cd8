import { timingSafeEqual } from 'node:crypto'
import type { MarksClosed } from '../blobs/blob-store.ts'
import { away, unlessAway } from '../in-time.ts'
import type { AccessState, ChangesMetadata, FindsUsers, KeepsState } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'

/** Where it is on record, twice, whether the registry is closed. */
export interface Closable {
  readonly metadata: FindsUsers & ChangesMetadata & KeepsState
  readonly blobs: Partial<MarksClosed>
}

/** There once this database has seen that the blobs bear no mark; one that is new, in the place of another, has not. */
const unmarkedKey = 'access.unmarked'

/**
 * Brings the two records together when a server starts: what says closed wins, be it the database, which the mark
 * outlives, or the mark, which a restored database may lack.
 * @throws STORAGE_UNAVAILABLE where the mark can't be read, and the database has never seen that it is not there
 */
export async function settleClosing(registry: Closable): Promise<AccessState> {
  const { metadata, blobs } = registry
  const state = await metadata.accessState()
  const marked = await unlessAway(blobs.isMarkedClosed?.() ?? Promise.resolve(false))
  if (state.closed) {
    if (marked === false) await unlessAway(blobs.markClosed?.() ?? Promise.resolve())
    return state
  }
  const seen = (await metadata.getState(unmarkedKey)) !== undefined
  if (marked === away && !seen) {
    throw new RegistryError(
      'STORAGE_UNAVAILABLE',
      'the storage does not answer, and it alone could say that this registry has accounts, for its database is new: start again when it answers',
    )
  }
  if (marked !== true && !state.hasUsers) {
    if (!seen) await metadata.change('setState', { key: unmarkedKey, value: 'true' })
    return state
  }
  await closeForGood(registry, { why: 'it had accounts before its database was lost or replaced' })
  return metadata.accessState()
}

/**
 * Closes the registry. The mark comes first: a crash in between leaves a registry that is closed without accounts,
 * never one with accounts that a lost database would open.
 * @returns whether it was open until now
 */
export async function closeForGood(
  { metadata, blobs }: Pick<Closable, 'blobs'> & { metadata: ChangesMetadata },
  { why }: { why: string },
): Promise<boolean> {
  await blobs.markClosed?.()
  return metadata.change('closeRegistry', { why })
}

/** The code that makes the first account over the network; undefined when there are accounts. */
export function offerSetupCode(metadata: ChangesMetadata): Promise<string | undefined> {
  return metadata.change('offerSetupCode', { code: newSetupCode() })
}

/** Whether it is the code that the log printed. */
export async function isSetupCode(metadata: KeepsState, code: string): Promise<boolean> {
  const expected = await metadata.getState('setup-code')
  if (expected === undefined) return false
  const [given, wanted] = [plain(code), plain(expected)].map((text) => new Bun.SHA256().update(text).digest())
  return given !== undefined && wanted !== undefined && timingSafeEqual(given, wanted)
}

/** Read from a log and typed by people: 80 bits in letters and digits that are not taken for each other. */
function newSetupCode(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz023456789'
  const letters = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => alphabet[byte % 32])
  return letters.join('').replaceAll(/(.{4})(?=.)/g, '$1-')
}

function plain(code: string): string {
  return code.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
