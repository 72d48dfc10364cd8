import type { RepositoryName } from '../oci/repository-name.ts'
import { anonymous, type Identity } from './identity.ts'

export { anonymous, type Identity }

export type Action =
  /** Whether the server is there and well: asked by everybody. */
  | 'server:greet'
  /** `/v2/`: by its answer clients decide whether to send credentials. */
  | 'registry:ping'
  | 'registry:list'
  | 'registry:search'
  | 'server:observe'
  | 'server:administer'
  | 'trash:list'
  | 'trash:empty'
  | 'repository:pull'
  | 'repository:push'
  | 'repository:delete'
  /** Settings of a repository, visibility among them. */
  | 'repository:configure'
  /** Who may do what in it. */
  | 'repository:grant'
  | 'namespace:show'
  | 'namespace:configure'
  | 'namespace:grant'
  | 'organisation:create'
  | 'organisation:show'
  | 'organisation:administer'
  /** What a user may see and change of himself. */
  | 'account:self'

/**
 * What it is done to: a repository by its name, or something else by kind and name; undefined for actions on the whole
 * registry, such as the trash of all repositories.
 */
export type Resource = RepositoryName | NamedResource | undefined

export interface NamedResource {
  readonly kind: 'namespace' | 'organisation' | 'user'
  readonly name: string
}

export type Decision = Allowed | Denied

export interface Allowed {
  readonly allow: true
  /** In words, for whoever asks why. */
  readonly reason: string
  /** Whether he may push to the repository too: what he is told is there, he relies on. */
  readonly mayPush: boolean
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

/** Looks at the rights as they are now. Where nothing must be asked for, the answer is there at once. */
export type Decide = (identity: Identity, action: Action, resource: Resource) => Decision | Promise<Decision>

const open: Decision = { allow: true, reason: 'the registry is open: it has no accounts', mayPush: true }

/** The one place that decides. A registry without accounts is open, as registry:2 is. */
export const decide: Decide = () => open
