import { RegistryError } from '../oci/errors.ts'
import { longestRepositoryName } from '../oci/repository-name.ts'
import type { Scope } from './scope.ts'

const verbs: ReadonlySet<string> = new Set(['pull', 'push', 'delete', '*'])
const pattern = /^[a-z0-9*]+(?:[a-z0-9._*/-]*[a-z0-9*])?$/

/**
 * What an access token is for, as people write it: repositories and verbs, `alice/app:pull,push`. In the pattern `*`
 * stands for anything within a part of a name, and `**` for any number of parts.
 * @throws PARAMETER_INVALID
 */
export function parseTokenScope(text: string): Scope {
  const bare = text.replace(/^repository:/, '')
  const colon = bare.indexOf(':')
  const name = colon < 0 ? bare : bare.slice(0, colon)
  const actions = colon < 0 ? [] : bare.slice(colon + 1).split(',')
  if (name.length > longestRepositoryName || !pattern.test(name) || name.includes('//'))
    throw invalid(text, 'the repository is a name or a pattern, such as alice/app or alice/**')
  const unknown = actions.find((verb) => !verbs.has(verb))
  if (actions.length === 0 || unknown !== undefined)
    throw invalid(
      text,
      'behind the colon stands what it may do: pull, push, delete, or * for all that its owner may',
    )
  return { type: 'repository', name, actions: [...new Set(actions)] }
}

/** Scopes that one token may have: far more than anybody can look through. */
const mostScopes = 100

/** @returns undefined for none: all that the owner may @throws PARAMETER_INVALID */
export function parseTokenScopes(texts: readonly string[]): Scope[] | undefined {
  if (texts.length > mostScopes)
    throw new RegistryError('PARAMETER_INVALID', `a token has at most ${mostScopes} scopes`)
  return texts.length === 0 ? undefined : texts.map(parseTokenScope)
}

/** What people read, and write. */
export function tokenScopeText({ name, actions }: Scope): string {
  return `${name}:${actions.join(',')}`
}

function invalid(text: string, what: string): RegistryError {
  return new RegistryError(
    'PARAMETER_INVALID',
    `a scope is written REPOSITORY:VERB,VERB, such as alice/app:pull,push: ${what}`,
    { detail: { scope: text.slice(0, 300) } },
  )
}
