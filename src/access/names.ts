import { RegistryError } from '../oci/errors.ts'

/** The namespace that a repository lies in: its name's first part; empty for a name of one part. */
export function namespaceOf(repository: string): string {
  const slash = repository.indexOf('/')
  return slash < 0 ? '' : repository.slice(0, slash)
}

/** One part of a repository's name: `alice` owns `alice/app`. */
const grammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/

export const longestAccountName = 64

/**
 * Names that would be taken for something else: official images, the registry's own paths and jobs, and whoever has no
 * account.
 */
const reserved: ReadonlySet<string> = new Set([
  'admin',
  'administrator',
  'administrators',
  'anonymous',
  'api',
  'berth',
  'healthz',
  'import',
  'library',
  'login',
  'metrics',
  'operator',
  'readyz',
  'registry',
  'retention',
  'root',
  'system',
  'token',
  'v1',
  'v2',
])

/**
 * The name of a user or an organisation, and so of its namespace.
 * @throws NAME_INVALID, NAME_RESERVED
 */
export function parseAccountName(text: string): string {
  const name = parsePart(text, 'a name of a user or an organisation')
  if (!reserved.has(name)) return name
  throw new RegistryError('NAME_RESERVED', `the name ${name} is reserved: choose another`, {
    detail: { name },
  })
}

/** The name of a team, robot or access token within its owner. @throws NAME_INVALID */
export function parseMinorName(text: string): string {
  return parsePart(text, 'this name')
}

/** The name of a namespace that is to be looked at or set up; `library` is one. @throws NAME_INVALID */
export function parseNamespaceName(text: string): string {
  return parsePart(text.endsWith('/') ? text.slice(0, -1) : text, 'a name of a namespace')
}

export function isReservedName(name: string): boolean {
  return reserved.has(name)
}

function parsePart(text: string, what: string): string {
  if (text.length <= longestAccountName && grammar.test(text)) return text
  throw new RegistryError(
    'NAME_INVALID',
    `${what} is made of at most ${longestAccountName} lower-case letters and digits, with single ., _ or dashes between them`,
    { detail: { name: text.slice(0, 100) } },
  )
}
