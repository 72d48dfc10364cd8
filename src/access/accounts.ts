import type { MarksClosed } from '../blobs/blob-store.ts'
import type {
  AccountsStore,
  ChangesMetadata,
  KeepsState,
  StoredOrganisation,
  StoredUser,
} from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { Action, Resource } from './actions.ts'
import type { Decide } from './decide.ts'
import type { Identity } from './identity.ts'
import type { Switches } from './policy.ts'
import { refusal } from './refusals.ts'

/** What the use cases of accounts work with. */
export interface Accounts {
  readonly metadata: AccountsStore & ChangesMetadata & KeepsState
  readonly blobs: Partial<MarksClosed>
  readonly decide: Decide
  readonly registration: Switches['registration']
  /** Milliseconds since 1970. */
  now(): number
  /** A UUID. */
  newId(): string
}

/** Who does something. */
export interface By {
  readonly by: Identity
}

/** @throws UNAUTHORIZED, DENIED, or what is said of things that are not there */
export async function require(
  { decide }: Pick<Accounts, 'decide'>,
  by: Identity,
  asked: { action: Action; resource: Resource },
): Promise<void> {
  const decision = await decide(by, asked.action, asked.resource)
  if (!decision.allow) throw refusal({ ...asked, because: decision.because })
}

/** Whether he may, where the answer decides how much is shown. */
export async function may(
  { decide }: Pick<Accounts, 'decide'>,
  by: Identity,
  asked: { action: Action; resource: Resource },
): Promise<boolean> {
  return (await decide(by, asked.action, asked.resource)).allow
}

/** @throws ACCOUNT_UNKNOWN */
export async function requireUser({ metadata }: Accounts, name: string): Promise<StoredUser> {
  return (await metadata.findUser(name)) ?? unknownAccount('user', name)
}

/** @throws ACCOUNT_UNKNOWN */
export async function requireOrganisation({ metadata }: Accounts, name: string): Promise<StoredOrganisation> {
  return (await metadata.findOrganisation(name)) ?? unknownAccount('organisation', name)
}

export function unknownAccount(kind: 'user' | 'organisation' | 'team' | 'robot', name: string): never {
  throw new RegistryError('ACCOUNT_UNKNOWN', `there is no ${kind} ${name}`, { detail: { kind, name } })
}

/** ISO 8601; null for a time that never was. @param milliseconds since 1970 */
export function instant(milliseconds: number): string
export function instant(milliseconds: number | undefined): string | null
export function instant(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString()
}

export interface PageQuery {
  /** Exclusive; need not exist. */
  readonly after: string
  readonly limit: number
}

/** One more than `limit` was asked for, to see whether there is a next page. */
export function page<T>(
  found: readonly T[],
  limit: number,
  nameOf: (entry: T) => string,
): { entries: readonly T[]; next: string | null } {
  const entries = found.slice(0, limit)
  const last = entries.at(-1)
  return { entries, next: found.length > limit && last !== undefined ? nameOf(last) : null }
}
