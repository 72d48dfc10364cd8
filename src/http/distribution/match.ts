/** Where a path of the distribution API leads. Names and references are as they arrived, unchecked. */
export type Match =
  | { route: 'base' }
  | { route: 'catalog' }
  | { route: 'tags'; name: string }
  | { route: 'manifest'; name: string; reference: string }
  | { route: 'blob'; name: string; digest: string }
  | { route: 'uploads'; name: string }
  | { route: 'upload'; name: string; id: string }
  | { route: 'referrers'; name: string; digest: string }

/**
 * Matches from the right: a repository may itself be called `manifests`, `blobs`, `tags` or `uploads`.
 * @param path as it arrived, not decoded
 */
export function match(path: string): Match | undefined {
  if (path === '/v2/' || path === '/v2') return { route: 'base' }
  if (!path.startsWith('/v2/')) return undefined
  const rest = path.slice('/v2/'.length)
  if (rest === '_catalog') return { route: 'catalog' }
  const lastSlash = rest.lastIndexOf('/')
  const last = rest.slice(lastSlash + 1)
  const parent = rest.slice(0, Math.max(0, lastSlash))
  const parentSlash = parent.lastIndexOf('/')
  if (parentSlash <= 0) return undefined
  const name = parent.slice(0, parentSlash)
  switch (parent.slice(parentSlash + 1)) {
    case 'manifests':
      return { route: 'manifest', name, reference: last }
    case 'tags':
      return last === 'list' ? { route: 'tags', name } : undefined
    case 'referrers':
      return { route: 'referrers', name, digest: last }
    case 'blobs':
      return last === 'uploads' ? { route: 'uploads', name } : { route: 'blob', name, digest: last }
    case 'uploads':
      return upload(name, last)
    default:
      return undefined
  }
}

/** `name` still ends with `/blobs`. */
function upload(name: string, last: string): Match | undefined {
  if (!name.endsWith('/blobs') || name === '/blobs') return undefined
  const repository = name.slice(0, -'/blobs'.length)
  return last === ''
    ? { route: 'uploads', name: repository }
    : { route: 'upload', name: repository, id: last }
}
