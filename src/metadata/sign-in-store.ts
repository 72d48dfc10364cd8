import type { AccountKind } from './accounts-schema.ts'

/** What callers are recognized by. Times are milliseconds since 1970; secrets are known by their SHA-256 alone, in hex. */

export interface ChecksSignIn {
  findSignIn(name: string): Promise<StoredSignIn | undefined>
  /** Who knows the account elsewhere. @param account its id */
  findOutsideIdentity(account: string): Promise<OutsideIdentity | undefined>
  findAccessToken(hash: string): Promise<FoundAccessToken | undefined>
  findRefreshToken(hash: string): Promise<StoredRefreshToken | undefined>
  /** The newest first. */
  listSigningKeys(): Promise<StoredSigningKey[]>
}

export interface StoredSignIn {
  readonly id: string
  readonly name: string
  /** Undefined: this user can't sign in by password. */
  readonly passwordHash: string | undefined
  readonly admin: boolean
  readonly disabled: boolean
  readonly generation: number
  /** Who knows his password; undefined: nobody but the registry. */
  readonly outside: Pick<OutsideIdentity, 'issuer' | 'subject'> | undefined
}

/** What an account is to somebody else, such as a directory. */
export interface OutsideIdentity {
  /** `ldap:corp` */
  readonly issuer: string
  readonly subject: string
  /** When the issuer last said that he is there; 0: unknown. */
  readonly checkedAt: number
}

/** Who a token speaks for, as he is now. */
export interface TokenOwner {
  readonly kind: AccountKind
  readonly id: string
  /** A robot's with its organisation: `acme+deploy`. */
  readonly name: string
  readonly disabled: boolean
  readonly generation: number
}

export interface FoundAccessToken extends StoredAccessToken {
  readonly owner: TokenOwner
}

export interface StoredAccessToken {
  readonly id: string
  readonly name: string
  /** JSON of `Scope[]`; undefined: all that its owner may. */
  readonly scopes: string | undefined
  /** JSON of address ranges; undefined: from everywhere. */
  readonly addresses: string | undefined
  /** Undefined: never. */
  readonly expiresAt: number | undefined
  readonly createdAt: number
  readonly lastUsedAt: number | undefined
}

export interface StoredRefreshToken {
  readonly owner: TokenOwner
  /** The access token that it came from; it ends with it. Undefined: the password. */
  readonly accessToken: string | undefined
  /** The owner's when it was given out. */
  readonly generation: number
  readonly service: string
  readonly expiresAt: number
}

export interface StoredSigningKey {
  readonly kid: string
  readonly algorithm: string
  /** JSON. */
  readonly publicJwk: string
  /** JSON. */
  readonly privateJwk: string
  readonly createdAt: number
  /** From then on it signs nothing; what it signed holds until it is deleted. */
  readonly retiredAt: number | undefined
}
