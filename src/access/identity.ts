import type { Scope } from './scope.ts'

/** Who is calling. Each has the name that is written into logs and the history of tags. */
export type Identity = Anonymous | User | Robot | Operator

/** Nobody that the registry knows; with a bearer token, which anybody gets, or without. */
export interface Anonymous {
  readonly kind: 'anonymous'
  readonly name: 'anonymous'
  readonly bound?: Bound
}

export interface User extends Account {
  readonly kind: 'user'
}

export interface Robot extends Account {
  readonly kind: 'robot'
}

interface Account {
  readonly id: string
  /** A robot's with its organisation: `acme+deploy`. */
  readonly name: string
  /** The account's when it signed in: where that moved since, what was signed in holds no more. */
  readonly generation: number
  readonly bound?: Bound
}

/** A command on the data itself, or one of the registry's own jobs: whoever has the disk has everything. */
export interface Operator {
  readonly kind: 'operator'
  readonly name: string
}

/** What a caller came with, as an upper limit of what he may do with it. */
export interface Bound {
  /** The id of the access token that he came with, or that his bearer token was given for. */
  readonly accessToken?: string
  /** What the bearer token says. Undefined: he came with none. */
  readonly scopes?: readonly Scope[]
  /** The address that he calls from: an access token may be good for some alone. */
  readonly address?: string
}

export const anonymous: Anonymous = { kind: 'anonymous', name: 'anonymous' }

/** @param name with a colon, as no account's: `cli:root` */
export function operator(name: string): Operator {
  return { kind: 'operator', name }
}
