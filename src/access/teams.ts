import type { StoredTeam } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { AccountName, TeamName } from './account-name.ts'
import {
  type Administration,
  isoTime,
  type NamePage,
  nextOf,
  requireAccounts,
  unknownAccount,
} from './administration.ts'
import { requireOrganisation } from './organisations.ts'
import { requireUser } from './users.ts'

export interface TeamSummary {
  readonly organisation: string
  readonly name: string
  readonly createdAt: string
}

/** @throws ACCOUNT_UNKNOWN, NAME_TAKEN */
export async function createTeam(administration: Administration, team: TeamName): Promise<TeamSummary> {
  await requireAccounts(administration)
  const { id } = await requireOrganisation(administration, team.organisation)
  const { metadata, newId } = administration
  await metadata.change('createTeam', { id: newId(), organisation: id, name: team.name })
  return summaryOf(team, await requireTeam(administration, team))
}

/** @throws ACCOUNT_UNKNOWN */
export async function listTeams(
  administration: Administration,
  { organisation, ...page }: NamePage & { organisation: AccountName },
): Promise<{ teams: TeamSummary[]; next: string | null }> {
  const { id } = await requireOrganisation(administration, organisation)
  const found = await administration.metadata.listTeams({ ...page, organisation: id })
  const teams = found.map((team) => summaryOf({ organisation }, team))
  return {
    teams,
    next: nextOf(
      teams.map(({ name }) => name),
      page.limit,
    ),
  }
}

/** With what was granted to it. @throws ACCOUNT_UNKNOWN */
export async function deleteTeam(
  administration: Administration,
  team: TeamName,
): Promise<{ deleted: string }> {
  await requireAccounts(administration)
  const { id } = await requireTeam(administration, team)
  await administration.metadata.change('deleteTeam', { id })
  return { deleted: nameOf(team) }
}

/** @throws ACCOUNT_UNKNOWN */
export async function listTeamMembers(
  administration: Administration,
  { organisation, name, ...page }: NamePage & TeamName,
): Promise<{ members: string[]; next: string | null }> {
  const { id } = await requireTeam(administration, { organisation, name })
  const members = await administration.metadata.listTeamMembers({ ...page, team: id })
  return { members, next: nextOf(members, page.limit) }
}

/** @throws ACCOUNT_UNKNOWN, also where he is no member of the organisation */
export async function addTeamMember(
  administration: Administration,
  { user, ...team }: TeamName & { user: AccountName },
): Promise<{ team: string; user: string }> {
  await requireAccounts(administration)
  const found = await requireTeam(administration, team)
  const { id } = await requireUser(administration, user)
  if (!(await administration.metadata.change('setTeamMember', { team: found.id, user: id, member: true }))) {
    const { organisation } = team
    throw new RegistryError(
      'ACCOUNT_UNKNOWN',
      `${user} is no member of ${organisation}, and only members can be in its teams: \`berth org member add ${organisation} ${user}\` makes one`,
      { detail: { name: user } },
    )
  }
  return { team: nameOf(team), user }
}

/** @throws ACCOUNT_UNKNOWN, also where he is not in the team */
export async function removeTeamMember(
  administration: Administration,
  { user, ...team }: TeamName & { user: AccountName },
): Promise<{ removed: string }> {
  await requireAccounts(administration)
  const { metadata } = administration
  const found = await requireTeam(administration, team)
  const member = await metadata.findUser(user)
  const removed =
    member && (await metadata.change('setTeamMember', { team: found.id, user: member.id, member: false }))
  if (!removed)
    throw new RegistryError('ACCOUNT_UNKNOWN', `${user} is not in ${nameOf(team)}`, {
      detail: { name: user },
    })
  return { removed: user }
}

/** @throws ACCOUNT_UNKNOWN */
export async function requireTeam(administration: Administration, team: TeamName): Promise<StoredTeam> {
  const { id } = await requireOrganisation(administration, team.organisation)
  const found = await administration.metadata.findTeam({ organisation: id, name: team.name })
  if (!found) throw unknownAccount('team', nameOf(team))
  return found
}

function nameOf({ organisation, name }: TeamName): string {
  return `${organisation}/${name}`
}

function summaryOf({ organisation }: { organisation: string }, { name, createdAt }: StoredTeam): TeamSummary {
  return { organisation, name, createdAt: isoTime(createdAt) }
}
