import type { FindsOrganisations, FindsUsers } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { accountNamesFor } from './account-names.ts'
import { reasonOf } from './breaker.ts'
import { type Directory, issuerOf, type Person, type TeamRule } from './directory.ts'
import { rightsOf } from './group-names.ts'

/** What one directory said when it was tried. */
export interface DirectoryCheck {
  readonly directory: string
  /** Why it could not be asked, in words for who sets it up; null: it could. */
  readonly failure: string | null
  /** Entries that answer to the name: exactly one may sign in. Null: none was looked for. */
  readonly entries: number | null
  readonly person: CheckedPerson | null
  /** Teams that the settings name and that the registry does not have, as `acme/dev`. */
  readonly absentTeams: readonly string[]
}

export interface CheckedPerson {
  readonly dn: string
  readonly subject: string
  readonly login: string
  readonly email: string | null
  /** The account that he has, or would get; null: no name for one is free. */
  readonly account: string | null
  readonly hasAccount: boolean
  readonly groups: readonly string[]
  /** As `acme/dev`. */
  readonly teams: readonly string[]
  /** Null: the directory does not say. */
  readonly admin: boolean | null
  /** Null: no password was tried. */
  readonly passwordIsRight: boolean | null
}

export interface CheckOptions {
  readonly directories: readonly Directory[]
  readonly metadata: Pick<FindsUsers, 'findUserByIdentity' | 'nameInUse'> &
    Pick<FindsOrganisations, 'findOrganisation' | 'findTeam'>
}

/** Tries every directory as a sign-in would, in order, and changes nothing. */
export async function checkDirectories(
  options: CheckOptions,
  sought: { readonly login?: string | undefined; readonly password?: string | undefined },
): Promise<{ directories: DirectoryCheck[] }> {
  const directories: DirectoryCheck[] = []
  for (const directory of options.directories) directories.push(await check(options, directory, sought))
  return { directories }
}

async function check(
  { metadata }: CheckOptions,
  directory: Directory,
  { login, password }: { login?: string | undefined; password?: string | undefined },
): Promise<DirectoryCheck> {
  const absentTeams = await absentOf(metadata, directory.teams)
  const found = { directory: directory.name, failure: null, entries: null, person: null, absentTeams }
  try {
    // A name that nobody has shows whether a search is possible at all.
    const people = await directory.find({ login: login ?? crypto.randomUUID() })
    if (login === undefined) return found
    const [person] = people
    if (!person || people.length > 1) return { ...found, entries: people.length }
    const passwordIsRight = password === undefined ? null : await directory.verify(person, password)
    const described = await describe(metadata, directory, person)
    return { ...found, entries: 1, person: { ...described, passwordIsRight } }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return { ...found, failure: reasonOf(error) }
  }
}

async function describe(
  metadata: CheckOptions['metadata'],
  directory: Directory,
  person: Person,
): Promise<Omit<CheckedPerson, 'passwordIsRight'>> {
  const groups = await directory.groupsOf(person)
  const { teams, admin } = rightsOf(directory, groups)
  const account = await metadata.findUserByIdentity({ issuer: issuerOf(directory), subject: person.subject })
  return {
    dn: person.dn,
    subject: person.subject,
    login: person.login,
    email: person.email ?? null,
    account: account?.name ?? (await firstFree(metadata, accountNamesFor(person, directory.name))),
    hasAccount: account !== undefined,
    groups: [...groups],
    teams: teams.map(({ organisation, team }) => `${organisation}/${team}`),
    admin,
  }
}

async function firstFree(
  metadata: Pick<FindsUsers, 'nameInUse'>,
  names: readonly string[],
): Promise<string | null> {
  for (const name of names) {
    const use = await metadata.nameInUse(name)
    if (!use.user && !use.organisation && use.namespace === undefined && !use.repositories) return name
  }
  return null
}

async function absentOf(metadata: CheckOptions['metadata'], teams: readonly TeamRule[]): Promise<string[]> {
  const absent = new Set<string>()
  for (const { organisation, team } of teams) {
    const found = await metadata.findOrganisation(organisation)
    if (found && (await metadata.findTeam({ organisation: found.id, name: team }))) continue
    absent.add(`${organisation}/${team}`)
  }
  return [...absent]
}
