import { RegistryError } from '../oci/errors.ts'
import { isReservedName, parseMinorName } from './names.ts'

/** The name of a user, an organisation, a team or a robot: one component of a repository's name. */
export type AccountName = string & { readonly __brand: 'AccountName' }

/** @throws NAME_INVALID */
export function parseAccountName(text: string): AccountName {
  return parseMinorName(text) as AccountName
}

/** The name of an account that is to be made: its namespace will have it too. @throws NAME_RESERVED */
export function requireFree(name: AccountName): void {
  if (!isReservedName(name)) return
  throw new RegistryError('NAME_RESERVED', `the name ${name} is reserved: choose another`, {
    detail: { name },
  })
}

/** Somebody to whom something can be granted: `alice`, or the team `acme/builders`. */
export type SubjectName =
  | { readonly kind: 'user'; readonly name: AccountName }
  | { readonly kind: 'team'; readonly organisation: AccountName; readonly name: AccountName }

/** @throws NAME_INVALID */
export function parseSubject(text: string): SubjectName {
  const slash = text.indexOf('/')
  if (slash < 0) return { kind: 'user', name: parseAccountName(text) }
  return { kind: 'team', ...parseTeam(text) }
}

export interface TeamName {
  readonly organisation: AccountName
  readonly name: AccountName
}

/** `acme/builders`. @throws NAME_INVALID */
export function parseTeam(text: string): TeamName {
  return pairOf(text, '/', 'a team is written ORGANISATION/TEAM, such as acme/builders')
}

export interface RobotName {
  readonly organisation: AccountName
  readonly name: AccountName
}

/** `acme+deploy`. @throws NAME_INVALID */
export function parseRobot(text: string): RobotName {
  return pairOf(text, '+', 'a robot is written ORGANISATION+ROBOT, such as acme+deploy')
}

function pairOf(text: string, separator: string, form: string): TeamName & RobotName {
  const parts = text.split(separator)
  const [organisation, name] = parts
  if (parts.length !== 2 || !organisation || !name)
    throw new RegistryError('NAME_INVALID', form, { detail: { name: text.slice(0, 300) } })
  return { organisation: parseAccountName(organisation), name: parseAccountName(name) }
}
