import { timingSafeEqual } from 'node:crypto'
import type { MarksClosed } from '../blobs/blob-store.ts'
import type { AccessState, ChangesMetadata, FindsUsers, KeepsState } from '../metadata/metadata-store.ts'

/** Where it is on record, twice, whether the registry is closed. */
export interface Closable {
  readonly metadata: FindsUsers & ChangesMetadata
  readonly blobs: Partial<MarksClosed>
}

/**
 * Brings the two records together when a server starts: what says closed wins, be it the database, which the mark
 * outlives, or the mark, which a restored database may lack.
 */
export async function settleClosing(registry: Closable): Promise<AccessState> {
  const { metadata, blobs } = registry
  const state = await metadata.accessState()
  const marked = (await blobs.isMarkedClosed?.()) ?? false
  if (state.closed) {
    if (!marked) await blobs.markClosed?.()
    return state
  }
  if (!marked && !state.hasUsers) return state
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

/** The code that makes the first account from elsewhere; undefined when there are accounts. */
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

/** A request as it arrived, before anybody's word on where it is from is taken. */
interface Arrival {
  /** The address at the other end of the connection itself: never what a proxy, trusted or not, says. */
  readonly peer: string
  readonly headers: Headers
}

/** Whether a request comes from the machine itself, and not through a proxy on it. */
export function arrivedLocally({ peer, headers }: Arrival): boolean {
  return isLocal({
    address: peer,
    host: headers.get('host'),
    forwarded: proxyHeaders.some((name) => headers.has(name)),
  })
}

/** By these a proxy tells that it is one. */
const proxyHeaders: readonly string[] = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
]

export interface Caller {
  /** Whom the socket belongs to. */
  readonly address: string
  /** The Host header; null: none. */
  readonly host: string | null
  /** Whether it came through a proxy, by its headers. */
  readonly forwarded: boolean
}

/**
 * Whether a request comes from the machine itself. A proxy on it passes on what comes from anywhere; and a page of
 * another site can give its own name this machine's address, but not the Host header that goes with it.
 */
export function isLocal({ address, host, forwarded }: Caller): boolean {
  if (forwarded || host === null) return false
  const own = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/i.test(address)
  return own && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i.test(host)
}
