import { RegistryError } from '../oci/errors.ts'
import type { Action, DeniedBecause, Resource } from './actions.ts'

/** What a caller may not do, and why not. */
export interface Refused {
  readonly action: Action
  readonly resource: Resource
  readonly because: DeniedBecause
}

/**
 * How a refusal is told. The same words whatever is or is not there: who may not read a repository is not told whether
 * it exists. The reasons in words are for the registry's own people.
 */
export function refusal({ action, resource, because }: Refused): RegistryError {
  switch (because) {
    case 'anonymous':
    case 'closed-to-anonymous':
      return new RegistryError('UNAUTHORIZED', 'sign in to do this')
    case 'disabled':
    case 'withdrawn':
      return new RegistryError('UNAUTHORIZED', 'these credentials do not hold any more: sign in again')
    case 'scope':
      return new RegistryError('UNAUTHORIZED', 'this takes a token with a wider scope')
    case 'no-right':
      return looks.has(action) ? notThere(resource) : new RegistryError('DENIED', 'you may not do this')
  }
}

/** Who may not look is told that there is nothing. */
const looks: ReadonlySet<Action> = new Set([
  'repository:pull',
  'namespace:show',
  'namespace:measure',
  'organisation:show',
])

function notThere(resource: Resource): RegistryError {
  if (typeof resource === 'object' && resource.kind === 'namespace')
    return new RegistryError('NAMESPACE_UNKNOWN', 'there is no such namespace', {
      detail: { name: resource.name },
    })
  if (typeof resource === 'object')
    return new RegistryError('ACCOUNT_UNKNOWN', 'there is no such account', {
      detail: { name: resource.name },
    })
  return new RegistryError('NAME_UNKNOWN', 'there is no such repository', { detail: { name: resource } })
}
