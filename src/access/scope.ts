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
