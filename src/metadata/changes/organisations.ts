import { RegistryError } from '../../oci/errors.ts'
import type { MemberRole } from '../accounts-schema.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { releaseNamespaces } from './namespaces.ts'
import { forgetPlace, ownMembership } from './outside-memberships.ts'
import { deleteRobot } from './robots.ts'
import { nameTaken, takeName } from './users.ts'

export interface NewOrganisation {
  id: string
  name: string
  /** The id of a user; null: nobody yet, an administrator names one. */
  owner: string | null
}

/** Makes an organisation with the namespace of its name. @throws NAME_TAKEN, also where repositories lie below it */
export async function createOrganisation(tx: Transaction, organisation: NewOrganisation): Promise<void> {
  const { id, name, owner } = organisation
  if (!(await takeName(tx, { name, ownerKind: 'organisation', owner: id }))) throw nameTaken(name)
  if ((await tx.run(insertOrganisation, organisation)) === 0) throw nameTaken(name)
  if (owner !== null) await tx.run(upsertMember, { organisation: id, user: owner, role: 'owner' })
}

/**
 * Forgets an organisation with its teams and robots, with what was granted to them, and with what was granted in its
 * namespaces. What lies there stays, private, and is the administrators'.
 * @returns false when there was none
 */
export async function deleteOrganisation(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  if ((await tx.run(deleteRow, { id })) === 0) return false
  for (const team of await tx.all(teamsOf, { organisation: id })) await deleteTeam(tx, team)
  for (const robot of await tx.all(robotsOf, { organisation: id })) await deleteRobot(tx, robot)
  await tx.run(deleteMembers, { organisation: id })
  await forgetPlace(tx, { place: id })
  await tx.run(deleteInvitations, { organisation: id })
  await releaseNamespaces(tx, { owner: id })
  return true
}

export interface MemberChange {
  organisation: string
  user: string
  /** Null: no member any more, nor of its teams. */
  role: MemberRole | null
}

/** @throws LAST_OWNER when nobody would be left to administer it. @returns false when he was no member to begin with */
export async function setMember(tx: Transaction, change: MemberChange): Promise<boolean> {
  const { organisation, user, role } = change
  await tx.first(lockOrganisation, { organisation })
  const before = (await tx.first(memberRole, { organisation, user }))?.role
  if (before === 'owner' && role !== 'owner' && !(await tx.first(otherOwner, { organisation, user }))) {
    throw new RegistryError('LAST_OWNER', 'this is the last owner of the organisation: name another first')
  }
  // From now on it is the registry's own, whatever a directory says.
  await ownMembership(tx, { member: user, place: organisation })
  if (role !== null) {
    await tx.run(upsertMember, { organisation, user, role })
    return true
  }
  await tx.run(leaveTeams, { organisation, user })
  return (await tx.run(deleteMember, { organisation, user })) > 0
}

/** @throws NAME_TAKEN */
export async function createTeam(
  tx: Transaction,
  team: { id: string; organisation: string; name: string },
): Promise<void> {
  if ((await tx.run(insertTeam, team)) === 0) throw nameTaken(team.name)
}

/** With what was granted to it. @returns false when there was none */
export async function deleteTeam(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  await tx.run(deleteTeamGrants, { id })
  await tx.run(deleteTeamMembers, { id })
  await forgetPlace(tx, { place: id })
  return (await tx.run(deleteTeamRow, { id })) > 0
}

/** @returns false when he is no member of the organisation, or was none of the team */
export async function setTeamMember(
  tx: Transaction,
  { team, user, member }: { team: string; user: string; member: boolean },
): Promise<boolean> {
  await ownMembership(tx, { member: user, place: team })
  if (!member) return (await tx.run(leaveTeam, { team, user })) > 0
  if (!(await tx.first(mayJoin, { team, user }))) return false
  await tx.run(joinTeam, { team, user })
  return true
}

const insertOrganisation = statement<NewOrganisation>()(({ db, arg, now }) =>
  db
    .insertInto('organisations')
    .values({ id: arg('id'), name: arg('name'), created_at: now })
    .onConflict((conflict) => conflict.column('name').doNothing()),
)

const upsertMember = statement<{ organisation: string; user: string; role: MemberRole }>()(({ db, arg }) =>
  db
    .insertInto('organisation_members')
    .values({ organisation: arg('organisation'), member: arg('user'), role: arg('role') })
    .onConflict((conflict) =>
      conflict.columns(['organisation', 'member']).doUpdateSet({ role: arg('role') }),
    ),
)

const deleteRow = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('organisations').where('id', '=', arg('id')),
)

const teamsOf = statement<{ organisation: string }>()(({ db, arg }) =>
  db.selectFrom('teams').select('id').where('organisation', '=', arg('organisation')),
)

const robotsOf = statement<{ organisation: string }>()(({ db, arg }) =>
  db.selectFrom('robots').select('id').where('organisation', '=', arg('organisation')),
)

const deleteMembers = statement<{ organisation: string }>()(({ db, arg }) =>
  db.deleteFrom('organisation_members').where('organisation', '=', arg('organisation')),
)

const deleteInvitations = statement<{ organisation: string }>()(({ db, arg }) =>
  db.deleteFrom('invitations').where('organisation', '=', arg('organisation')),
)

const lockOrganisation = statement<{ organisation: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('organisations')
    .select('id')
    .where('id', '=', arg('organisation'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const memberRole = statement<{ organisation: string; user: string }>()(({ db, arg }) =>
  db
    .selectFrom('organisation_members')
    .select('role')
    .where('organisation', '=', arg('organisation'))
    .where('member', '=', arg('user')),
)

const otherOwner = statement<{ organisation: string; user: string }>()(({ db, arg }) =>
  db
    .selectFrom('organisation_members')
    .select('member')
    .where('organisation', '=', arg('organisation'))
    .where('member', '!=', arg('user'))
    .where('role', '=', 'owner')
    .limit(1),
)

const deleteMember = statement<{ organisation: string; user: string }>()(({ db, arg }) =>
  db
    .deleteFrom('organisation_members')
    .where('organisation', '=', arg('organisation'))
    .where('member', '=', arg('user')),
)

const leaveTeams = statement<{ organisation: string; user: string }>()(({ db, arg }) =>
  db
    .deleteFrom('team_members')
    .where('member', '=', arg('user'))
    .where('team', 'in', (eb) =>
      eb.selectFrom('teams').select('id').where('organisation', '=', arg('organisation')),
    ),
)

const insertTeam = statement<{ id: string; organisation: string; name: string }>()(({ db, arg, now }) =>
  db
    .insertInto('teams')
    .values({ id: arg('id'), organisation: arg('organisation'), name: arg('name'), created_at: now })
    .onConflict((conflict) => conflict.columns(['organisation', 'name']).doNothing()),
)

const deleteTeamGrants = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('grants').where('subject', '=', arg('id')),
)

const deleteTeamMembers = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('team_members').where('team', '=', arg('id')),
)

const deleteTeamRow = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('teams').where('id', '=', arg('id')),
)

const leaveTeam = statement<{ team: string; user: string }>()(({ db, arg }) =>
  db.deleteFrom('team_members').where('team', '=', arg('team')).where('member', '=', arg('user')),
)

const mayJoin = statement<{ team: string; user: string }>()(({ db, arg }) =>
  db
    .selectFrom('teams')
    .innerJoin('organisation_members', 'organisation_members.organisation', 'teams.organisation')
    .select('teams.id')
    .where('teams.id', '=', arg('team'))
    .where('organisation_members.member', '=', arg('user')),
)

const joinTeam = statement<{ team: string; user: string }>()(({ db, arg }) =>
  db
    .insertInto('team_members')
    .values({ team: arg('team'), member: arg('user') })
    .onConflict((conflict) => conflict.columns(['team', 'member']).doNothing()),
)
