import { duration as durationKind } from './values.ts'

/** A value that could be read, or what is wrong with it, as the rest of a sentence that begins with its key. */
export type Read<T> = { readonly value: T } | { readonly problem: string }

type Reader<T> = (given: unknown) => Read<T>

export const text: Reader<string> = (given) =>
  (typeof given === 'string' || typeof given === 'number') &&
  String(given) !== '' &&
  !String(given).includes('\0')
    ? { value: String(given) }
    : { problem: 'must be a text' }

export const flagIn: Reader<boolean> = (given) =>
  given === true || given === 'true'
    ? { value: true }
    : given === false || given === 'false'
      ? { value: false }
      : { problem: 'must be true or false' }

export const duration: Reader<number> = (given) => {
  const value = typeof given === 'string' ? durationKind.parse(given) : undefined
  return value === undefined ? { problem: `must be ${durationKind.allowed}` } : { value }
}

/** What accounts are bound to, and what other names are made with. */
export const word: Reader<string> = (given) =>
  typeof given === 'string' && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(given) && given.length <= 20
    ? { value: given }
    : { problem: 'must be made of at most 20 lower-case letters and digits, with single dashes between them' }

export const directoryUrl: Reader<string> = (given) => {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined
  const bare =
    url && url.hostname !== '' && /^\/?$/.test(url.pathname) && url.search + url.hash + url.username === ''
  return bare && (url.protocol === 'ldap:' || url.protocol === 'ldaps:')
    ? { value: `${url.protocol}//${url.host}` }
    : { problem: 'must be an address such as ldaps://ldap.example.com, without a path' }
}

export const distinguishedName: Reader<string> = (given) =>
  typeof given === 'string' && (/^[A-Za-z0-9.-]+ *=/.test(given) || /^[^\0=]+[@\\][^\0=]+$/.test(given))
    ? { value: given }
    : { problem: 'must be a distinguished name such as ou=people,dc=example,dc=com' }

export const attribute: Reader<string> = (given) =>
  typeof given === 'string' && /^[A-Za-z][A-Za-z0-9-]*$/.test(given)
    ? { value: given }
    : { problem: 'must be an attribute such as uid' }

/** Whether it can be understood is for the directory's client to say, when it is opened. */
export const filter: Reader<string> = (given) =>
  typeof given === 'string' && isOneBracket(given.trim())
    ? { value: given.trim() }
    : { problem: 'must be a filter in brackets such as (objectClass=person)' }

/** Whether all of it stands in one pair of brackets: in values they are written \\28 and \\29. */
function isOneBracket(text: string): boolean {
  let depth = 0
  for (const [at, letter] of [...text].entries()) {
    if (letter === '(') depth += 1
    if (letter === ')') depth -= 1
    if (depth < 0 || (depth === 0 && at < [...text].length - 1)) return false
  }
  return text.length > 2 && depth === 0
}

export function listIn<T>(one: Reader<T>): Reader<readonly T[]> {
  return (given) => {
    const values: T[] = []
    for (const entry of Array.isArray(given) ? given : [given]) {
      const read = one(entry)
      if ('problem' in read) return read
      values.push(read.value)
    }
    return values.length === 0 ? { problem: 'must not be empty' } : { value: values }
  }
}

export const mappings: Reader<readonly { group: string; organisation: string; team: string }[]> = (given) => {
  const problem = 'must be a list of groups and teams, each { group: cn=dev,…, team: acme/dev }'
  if (!Array.isArray(given)) return { problem }
  const values = []
  for (const entry of given) {
    const { group, team, ...rest } = (entry ?? {}) as { group?: unknown; team?: unknown }
    const match = typeof team === 'string' ? /^([a-z0-9._-]+)\/([a-z0-9._-]+)$/.exec(team) : null
    if (typeof group !== 'string' || group === '' || !match || Object.keys(rest).length > 0)
      return { problem }
    values.push({ group, organisation: match[1] ?? '', team: match[2] ?? '' })
  }
  return { value: values }
}
