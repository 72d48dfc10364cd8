import { isRepositoryName } from '../../oci/repository-name.ts'
import type { Scope } from '../scope.ts'

/** Scopes that one token may be asked for: far more than any client needs. */
const mostScopes = 100

/**
 * The scopes of a request: parameters may be repeated, and each may hold several, separated by spaces. Those that this
 * registry has no use for are left out: a grant may be partial.
 * @param parameters such as `repository:team/app:pull,push`
 */
export function parseScopes(parameters: readonly string[]): Scope[] {
  const merged = new Map<string, { scope: Scope; actions: Set<string> }>()
  for (const text of parameters.flatMap((parameter) => parameter.split(' ')).slice(0, mostScopes)) {
    const scope = parseScope(text)
    if (!scope) continue
    const key = `${scope.type}:${scope.name}`
    const found = merged.get(key) ?? { scope, actions: new Set<string>() }
    for (const action of scope.actions) found.actions.add(action)
    merged.set(key, found)
  }
  return [...merged.values()].map(({ scope, actions }) => ({ ...scope, actions: [...actions] }))
}

const knownActions: Readonly<Record<Scope['type'], readonly string[]>> = {
  repository: ['pull', 'push', 'delete', '*'],
  registry: ['*', 'search'],
}

function parseScope(text: string): Scope | undefined {
  const match = /^(repository|registry)(?:\([^)]*\))?:(.+):([a-z*,]+)$/.exec(text)
  if (!match) return undefined
  const [, type, name = '', list = ''] = match as unknown as [string, Scope['type'], string, string]
  const actions = list.split(',').filter((action) => knownActions[type].includes(action))
  if (actions.length === 0) return undefined
  if (type === 'registry') return name === 'catalog' ? { type, name, actions } : undefined
  return isRepositoryName(name) ? { type, name, actions } : undefined
}

export function scopeText({ type, name, actions }: Scope): string {
  return `${type}:${name}:${actions.join(',')}`
}
