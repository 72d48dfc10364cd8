import type {
  ChangesMetadata,
  FindsNamespaces,
  FindsOrganisations,
  FindsTokens,
  FindsTrusts,
  FindsUsers,
  KeepsState,
  ListsContent,
} from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { Switches } from './policy.ts'
import type { PasswordHasher } from './sign-in/password-hashes.ts'

/**
 * What the use cases of accounts work with. Whether the caller may is decided before they are called: by the routes
 * of the API, while a command on the data itself may do everything.
 */
export interface Administration {
  readonly metadata: FindsUsers &
    FindsOrganisations &
    FindsNamespaces &
    FindsTokens &
    FindsTrusts &
    ChangesMetadata &
    KeepsState &
    Pick<ListsContent, 'repositoryExists'>
  readonly hasher: PasswordHasher
  /** Who may make an account of his own. */
  readonly registration: Switches['registration']
  /** Milliseconds since 1970. */
  now(): number
  newId(): string
  /** Marks where the bytes are that the registry is closed, so that a lost database never opens it. */
  markClosed(): Promise<void>
  /** @throws READ_ONLY */
  requireWritable(): Promise<void>
}

/** A page of names behind `after`. */
export interface NamePage {
  readonly after: string
  readonly limit: number
}

/** Where the next page starts; null on the last. */
export function nextOf(entries: readonly string[], limit: number): string | null {
  return entries.length === limit ? (entries.at(-1) ?? null) : null
}

/** ISO 8601. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/**
 * Organisations, grants and tokens are for registries with accounts; an open one ignores them, which who makes them
 * does not expect.
 * @throws DENIED, READ_ONLY
 */
export async function requireAccounts({
  metadata,
  requireWritable,
}: Pick<Administration, 'metadata' | 'requireWritable'>): Promise<void> {
  await requireWritable()
  if ((await metadata.accessState()).closed) return
  throw new RegistryError(
    'DENIED',
    'the registry is open: everybody may do everything, until `berth user add NAME --admin` makes the first user and closes it',
  )
}

/** @param kind such as `user` */
export function unknownAccount(kind: string, name: string): RegistryError {
  return new RegistryError('ACCOUNT_UNKNOWN', `there is no ${kind} ${name}`, { detail: { name } })
}
