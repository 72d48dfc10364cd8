import type { RepositoryName } from '../oci/repository-name.ts'

/** Who is calling. */
export interface Identity {
  /** As it is written into logs and the history of tags. */
  readonly name: string
}

export const anonymous: Identity = { name: 'anonymous' }

export type Action =
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

/** What it is done to; undefined for actions on the whole registry, such as the trash of all repositories. */
export type Resource = RepositoryName | undefined

export interface Decision {
  readonly allow: boolean
  /** In words, for whoever asks why. */
  readonly reason: string
}

export type Decide = (identity: Identity, action: Action, resource: Resource) => Decision

const open: Decision = { allow: true, reason: 'the registry is open: it has no accounts' }

/** The one place that decides. A registry without accounts is open, as registry:2 is. */
export const decide: Decide = () => open
