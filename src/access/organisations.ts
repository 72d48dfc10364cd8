import type { MemberRole, StoredOrganisation, StoredTeam } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import {
  type Accounts,
  type By,
  instant,
  may,
  type PageQuery,
  page,
  require,
  requireOrganisation,
  requireUser,
  unknownAccount,
} from './accounts.ts'
import type { Action } from './actions.ts'
import { parseAccountName, parseMinorName } from './names.ts'

/** Times are ISO 8601. */
export interface OrganisationSummary {
  readonly name: string
  readonly createdAt: string
}

export interface MemberSummary {
  readonly name: string
  readonly role: MemberRole
}

interface In {
  readonly organisation: string
}

/**
 * Makes an organisation with the namespace of its name.
 * @param args.owner the name of a user; undefined: who makes it, if he is one
 * @throws NAME_TAKEN, NAME_RESERVED, ACCOUNT_UNKNOWN
 */
export async function createOrganisation(
  accounts: Accounts,
  { by, name, owner }: By & { name: string; owner?: string | undefined },
): Promise<OrganisationSummary> {
  await require(accounts, by, { action: 'organisation:create', resource: undefined })
  const parsed = parseAccountName(name)
  if (owner !== undefined && owner !== by.name)
    await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  const first = owner ?? (by.kind === 'user' ? by.name : undefined)
  const user = first === undefined ? undefined : await requireUser(accounts, first)
  const organisation = { id: accounts.newId(), name: parsed, owner: user?.id ?? null }
  await accounts.metadata.change('createOrganisation', organisation)
  return summaryOf(await requireOrganisation(accounts, parsed))
}

/** Administrators see all, users those that they are members of. */
export async function listOrganisations(
  accounts: Accounts,
  { by, after, limit }: By & PageQuery,
): Promise<{ organisations: readonly OrganisationSummary[]; next: string | null }> {
  const all = await may(accounts, by, { action: 'accounts:administer', resource: undefined })
  if (!all) await require(accounts, by, { action: 'account:self', resource: { kind: 'user', name: by.name } })
  const member = all || by.kind !== 'user' ? {} : { member: by.id }
  const found = await accounts.metadata.listOrganisations({ after, limit: limit + 1, ...member })
  const { entries, next } = page(found, limit, ({ name }) => name)
  return { organisations: entries.map(summaryOf), next }
}

export async function showOrganisation(
  accounts: Accounts,
  { by, organisation }: By & In,
): Promise<OrganisationSummary> {
  return summaryOf(await allowedIn(accounts, { by, organisation, action: 'organisation:show' }))
}

/** What lies in its namespaces stays, and is the administrators'. */
export async function deleteOrganisation(accounts: Accounts, { by, organisation }: By & In): Promise<void> {
  const { id } = await administered(accounts, { by, organisation })
  await accounts.metadata.change('deleteOrganisation', { id })
}

export async function listMembers(
  accounts: Accounts,
  { by, organisation, after, limit }: By & In & PageQuery,
): Promise<{ members: readonly MemberSummary[]; next: string | null }> {
  const { id } = await allowedIn(accounts, { by, organisation, action: 'organisation:show' })
  const found = await accounts.metadata.listMembers({ organisation: id, after, limit: limit + 1 })
  const { entries, next } = page(found, limit, ({ name }) => name)
  return { members: entries.map(({ name, role }) => ({ name, role })), next }
}

/** @throws ACCOUNT_UNKNOWN; LAST_OWNER when he is the last who could administer it */
export async function setMember(
  accounts: Accounts,
  { by, organisation, user, role }: By & In & { user: string; role: MemberRole | null },
): Promise<void> {
  const { id } = await administered(accounts, { by, organisation })
  const member = await requireUser(accounts, user)
  const changed = await accounts.metadata.change('setMember', { organisation: id, user: member.id, role })
  if (!changed) notAMember(user, organisation)
}

/** @throws NAME_INVALID, NAME_TAKEN */
export async function createTeam(
  accounts: Accounts,
  { by, organisation, team }: By & In & { team: string },
): Promise<void> {
  const { id } = await administered(accounts, { by, organisation })
  const name = parseMinorName(team)
  await accounts.metadata.change('createTeam', { id: accounts.newId(), organisation: id, name })
}

/** With what was granted to it. @throws ACCOUNT_UNKNOWN */
export async function deleteTeam(
  accounts: Accounts,
  { by, organisation, team }: By & In & { team: string },
): Promise<void> {
  const found = await administered(accounts, { by, organisation })
  const { id } = await requireTeam(accounts, { organisation: found, team })
  await accounts.metadata.change('deleteTeam', { id })
}

export async function listTeams(
  accounts: Accounts,
  { by, organisation, after, limit }: By & In & PageQuery,
): Promise<{ teams: readonly { name: string }[]; next: string | null }> {
  const { id } = await allowedIn(accounts, { by, organisation, action: 'organisation:show' })
  const found = await accounts.metadata.listTeams({ organisation: id, after, limit: limit + 1 })
  const { entries, next } = page(found, limit, ({ name }) => name)
  return { teams: entries.map(({ name }) => ({ name })), next }
}

export async function listTeamMembers(
  accounts: Accounts,
  { by, organisation, team, after, limit }: By & In & PageQuery & { team: string },
): Promise<{ members: readonly { name: string }[]; next: string | null }> {
  const found = await allowedIn(accounts, { by, organisation, action: 'organisation:show' })
  const { id } = await requireTeam(accounts, { organisation: found, team })
  const names = await accounts.metadata.listTeamMembers({ team: id, after, limit: limit + 1 })
  const { entries, next } = page(names, limit, (name) => name)
  return { members: entries.map((name) => ({ name })), next }
}

/** Only members of the organisation can be in its teams. @throws ACCOUNT_UNKNOWN */
export async function setTeamMember(
  accounts: Accounts,
  { by, organisation, team, user, member }: By & In & { team: string; user: string; member: boolean },
): Promise<void> {
  const found = await administered(accounts, { by, organisation })
  const { id } = await requireTeam(accounts, { organisation: found, team })
  const account = await requireUser(accounts, user)
  const changed = await accounts.metadata.change('setTeamMember', { team: id, user: account.id, member })
  if (!changed) notAMember(user, member ? organisation : `${organisation}/${team}`)
}

/** @throws ACCOUNT_UNKNOWN */
export async function requireTeam(
  { metadata }: Accounts,
  { organisation, team }: { organisation: StoredOrganisation; team: string },
): Promise<StoredTeam> {
  const found = await metadata.findTeam({ organisation: organisation.id, name: team })
  return found ?? unknownAccount('team', `${organisation.name}/${team}`)
}

/** The organisation, for who may administer it: its owners, and administrators. */
export function administered(accounts: Accounts, of: By & In): Promise<StoredOrganisation> {
  return allowedIn(accounts, { ...of, action: 'organisation:administer' })
}

async function allowedIn(
  accounts: Accounts,
  { by, organisation, action }: By & In & { action: Action },
): Promise<StoredOrganisation> {
  await require(accounts, by, { action, resource: { kind: 'organisation', name: organisation } })
  return requireOrganisation(accounts, organisation)
}

function notAMember(user: string, of: string): never {
  throw new RegistryError('ACCOUNT_UNKNOWN', `${user} is no member of ${of}`, { detail: { name: user } })
}

function summaryOf({ name, createdAt }: StoredOrganisation): OrganisationSummary {
  return { name, createdAt: instant(createdAt) }
}
