import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { type AccountName, parseAccountName, parseRobot, type RobotName } from './account-name.ts'
import type { Administration } from './administration.ts'
import { type Action, anonymous, type Decide, type Identity } from './decide.ts'
import { requireRobot } from './robots.ts'
import { requireUser } from './users.ts'

/** Who is asked about: a user, a robot, or whoever has not signed in. */
export type Whom =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly name: AccountName }
  | ({ readonly kind: 'robot' } & RobotName)

/** `alice`, `acme+deploy` or `anonymous`. @throws NAME_INVALID */
export function parseWhom(text: string): Whom {
  if (text === 'anonymous') return { kind: 'anonymous' }
  if (text.includes('+')) return { kind: 'robot', ...parseRobot(text) }
  return { kind: 'user', name: parseAccountName(text) }
}

/** What can be asked about, as people say it. */
export const explainable = {
  pull: 'repository:pull',
  push: 'repository:push',
  delete: 'repository:delete',
  configure: 'repository:configure',
  grant: 'repository:grant',
} as const satisfies Readonly<Record<string, Action>>

export type Explainable = keyof typeof explainable

/** @throws PARAMETER_INVALID */
export function parseExplainable(text: string): Explainable {
  if (Object.hasOwn(explainable, text)) return text as Explainable
  throw new RegistryError('PARAMETER_INVALID', `an action is one of ${Object.keys(explainable).join(', ')}`, {
    detail: { action: text.slice(0, 100) },
  })
}

export interface Explanation {
  readonly who: string
  readonly action: Explainable
  readonly repository: string
  readonly allow: boolean
  readonly reason: string
}

/** What the one place that decides says, and why. @throws ACCOUNT_UNKNOWN */
export async function explainAccess(
  administration: Administration & { decide: Decide },
  { whom, action, repository }: { whom: Whom; action: Explainable; repository: RepositoryName },
): Promise<Explanation> {
  const identity = await identityOf(administration, whom)
  const { allow, reason } = await administration.decide(identity, explainable[action], repository)
  return { who: identity.name, action, repository, allow, reason }
}

async function identityOf(administration: Administration, whom: Whom): Promise<Identity> {
  switch (whom.kind) {
    case 'anonymous':
      return anonymous
    case 'user': {
      const { id, name, generation } = await requireUser(administration, whom.name)
      return { kind: 'user', id, name, generation }
    }
    case 'robot': {
      const { id, generation } = await requireRobot(administration, whom)
      return { kind: 'robot', id, name: `${whom.organisation}+${whom.name}`, generation }
    }
  }
}
