import type { Role, Visibility } from '../metadata/accounts-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'

/** What the caller needs for each action. */
export const needs = {
  /** Whether the server is there and well: asked by everybody. */
  'server:greet': 'nothing',
  /** `/v2/`: by its answer clients decide whether to send credentials. */
  'registry:ping': 'sign-in',
  /** Shows only what the caller may read; but without credentials no client would be asked for any. */
  'registry:list': 'sign-in',
  /** Shows only what the caller may read. */
  'registry:search': 'anonymous',
  'server:observe': 'administrator',
  'server:administer': 'administrator',
  /** The record of who did what. */
  'server:audit': 'administrator',
  /** Users, and whatever belongs to nobody else. */
  'accounts:administer': 'administrator',
  'trash:list': 'write',
  'trash:empty': 'maintain',
  'repository:pull': 'read',
  'repository:push': 'write',
  'repository:delete': 'maintain',
  /** Its settings, visibility among them. */
  'repository:configure': 'maintain',
  /** Who may do what in it. */
  'repository:grant': 'admin',
  /** Which other systems are told of what happens in it. */
  'repository:notify': 'admin',
  'namespace:show': 'read',
  'namespace:configure': 'admin',
  'namespace:grant': 'admin',
  'namespace:notify': 'admin',
  /** How much it holds, and may hold. */
  'namespace:measure': 'maintain',
  'organisation:create': 'founder',
  'organisation:show': 'member',
  'organisation:administer': 'owner',
  /** What a user sees and changes of himself. */
  'account:self': 'self',
} as const satisfies Record<string, Need>

export type Need =
  | 'nothing'
  | 'anonymous'
  | 'sign-in'
  | 'administrator'
  /** An administrator; where anybody may register, any user. */
  | 'founder'
  | 'member'
  | 'owner'
  | 'self'
  | Role

export type Action = keyof typeof needs

export const actions = Object.keys(needs) as readonly Action[]

/**
 * What it is done to: a repository by its name, or something else by kind and name; undefined for actions on the whole
 * registry, such as the trash of all repositories.
 */
export type Resource = RepositoryName | NamedResource | undefined

export interface NamedResource {
  readonly kind: 'namespace' | 'organisation' | 'user'
  readonly name: string
}

export type Decision = (Allowed | Denied) & {
  /** It changes at this moment though nobody changes anything. Milliseconds since 1970. */
  readonly until?: number
}

export interface Allowed {
  readonly allow: true
  /** In words, for whoever asks why. */
  readonly reason: string
  /** Whether he may push to the repository too: what he is told is there, he relies on. */
  readonly mayPush: boolean
  /** Of the repository that it is done to, where that was looked up. */
  readonly visibility?: Visibility | undefined
}

export interface Denied {
  readonly allow: false
  readonly reason: string
  readonly because: DeniedBecause
}

export type DeniedBecause =
  /** Nobody signed in; who does may be allowed. */
  | 'anonymous'
  /** The same, where anonymous access is switched off for the whole server. */
  | 'closed-to-anonymous'
  /** The account is disabled or gone. */
  | 'disabled'
  /** The token, or the password behind it, does not hold any more. */
  | 'withdrawn'
  /** His rights would do, but what he came with is narrower. */
  | 'scope'
  | 'no-right'
