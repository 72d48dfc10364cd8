/**
 * A part of what somebody may do. In a bearer token the name is a repository's; in an access token it may be a glob:
 * `*` within a part of a name, `**` across parts.
 */
export interface Scope {
  readonly type: 'repository' | 'registry'
  readonly name: string
  /** `pull`, `push`, `delete`, `*` on repositories; `*` and `search` on the registry's `catalog`. */
  readonly actions: readonly string[]
}

/** What `JSON.stringify` made of scopes; what is not of that form covers nothing. */
export function readScopes(json: string): readonly Scope[] {
  const scopes: unknown = JSON.parse(json)
  return Array.isArray(scopes) ? scopes.filter(isScope) : []
}

export function isScope(value: unknown): value is Scope {
  if (typeof value !== 'object' || value === null) return false
  const { type, name, actions } = value as Partial<Scope>
  return (type === 'repository' || type === 'registry') && typeof name === 'string' && Array.isArray(actions)
}
