import type { TokenOwner } from './sign-in-store.ts'

/** Jobs elsewhere that may sign in as a robot. Times are milliseconds since 1970. */

export interface StoredTrust {
  readonly id: string
  readonly issuer: string
  readonly audience: string
  /** JSON: an object of what each claim must be. */
  readonly claims: string
  /** JSON of `Scope[]`; undefined: all that the robot may. */
  readonly scopes: string | undefined
  readonly createdAt: number
}

export interface FindsTrusts {
  /** Of a robot, by id, the oldest first. */
  listTrusts(by: { robot: string; limit: number }): Promise<ListedTrust[]>
}

export interface ListedTrust extends StoredTrust {
  /** Tokens that were given by it and still hold. */
  readonly tokens: number
}

export interface ChecksWorkloads {
  /** What lets tokens of the issuer in as the robot; none: nothing, or there is no such robot. */
  findTrusts(by: {
    organisation: string
    robot: string
    issuer: string
  }): Promise<(StoredTrust & { owner: TokenOwner })[]>
  /** Whether any robot trusts the issuer. */
  knowsIssuer(issuer: string): Promise<boolean>
}
