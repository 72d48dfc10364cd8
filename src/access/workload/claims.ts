/** What a token says of who it was given to. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * The values of a claim as texts: one, those of a list, or none. A claim within another is named with dots,
 * `kubernetes.io.namespace`; a name that has dots itself goes before.
 */
export function claimValues(claims: Claims, name: string): string[] {
  return textsOf(find(claims, name))
}

/** Deeper than any token goes. */
const deepest = 8

function find(claims: Claims, name: string, depth = 0): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  if (depth === deepest) return undefined
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const within = Object.hasOwn(claims, name.slice(0, dot)) ? claims[name.slice(0, dot)] : undefined
    if (isObject(within)) return find(within, name.slice(dot + 1), depth + 1)
  }
  return undefined
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => (Array.isArray(one) ? [] : textsOf(one)))
  if (typeof value === 'string') return [value]
  return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : []
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
