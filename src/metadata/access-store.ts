import type { RepositoryName } from '../oci/repository-name.ts'
import type { MemberRole, OwnerKind, Role, Visibility } from './accounts-schema.ts'
import type { Page } from './pages.ts'

/** What decisions and the lists of what may be read go by. Times are milliseconds since 1970. */

export interface DecidesAccess {
  /** Everything that a decision goes by, as of now, in one look. */
  accessFacts(of: AccessQuestion): AccessFacts | Promise<AccessFacts>
  /**
   * Moves with whatever `accessFacts` may answer, so that conclusions can be kept until then. Without it, each request
   * must ask anew.
   */
  accessStamp?(): number
}

/** Empty where there is none. */
export interface AccessQuestion {
  /** The id of the user. */
  readonly user: string
  /** The id of the robot. */
  readonly robot: string
  /** The id of the access token that the caller came with. */
  readonly accessToken: string
  readonly repository: string
  readonly namespace: string
  /** The name of the organisation that is to be looked at or changed. */
  readonly organisation: string
}

export interface AccessFacts {
  readonly closed: boolean
  /** The user or robot as it is now; undefined: it is gone, or none was asked for. */
  readonly account: AccountFacts | undefined
  /** The access token as it is now; undefined: it is gone, or none was asked for. */
  readonly accessToken: AccessTokenFacts | undefined
  /** Undefined: no such repository was ever pushed to. */
  readonly visibility: Visibility | undefined
  readonly namespace: NamespaceFacts | undefined
  /** The highest that was granted to the account, or to a team of his, on the repository or namespace. */
  readonly granted: Role | undefined
  /** What the user is in the organisation that owns the namespace. */
  readonly ownerRole: MemberRole | undefined
  /** Of the organisation that was asked for. */
  readonly organisation: { readonly id: string; readonly role: MemberRole | undefined } | undefined
}

export interface AccountFacts {
  readonly admin: boolean
  readonly disabled: boolean
  readonly generation: number
  /** The organisation that a robot belongs to. */
  readonly organisation: string | undefined
}

export interface AccessTokenFacts {
  /** The id of the user or robot. */
  readonly owner: string
  /** JSON; undefined: all that its owner may. */
  readonly scopes: string | undefined
  /** JSON; undefined: from everywhere. */
  readonly addresses: string | undefined
  readonly expiresAt: number | undefined
}

export interface NamespaceFacts {
  readonly ownerKind: OwnerKind
  /** Undefined: the administrators. */
  readonly owner: string | undefined
}

/** Repositories that an account may read, found by its grants: three among a million cost as little as three. */
export interface ListsReadable {
  listReadable(page: Page<string> & { by: ReadableBy }): Promise<RepositoryName[]>
  /** Those whose name holds the term, the exact name first, then by name. */
  searchReadable(by: { by: ReadableBy; term: string; limit: number }): Promise<RepositoryName[]>
}

/** Whose rights count; what is public counts for everybody. Empty: none. */
export interface ReadableBy {
  readonly user: string
  /** The organisation that a robot belongs to. */
  readonly organisation: string
}
