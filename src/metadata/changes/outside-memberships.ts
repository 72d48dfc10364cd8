import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/** A team, named as settings name it. */
export interface NamedTeam {
  organisation: string
  team: string
}

/** The ids of the teams that somebody came into, and went out of. */
export interface FollowedGroups {
  joined: readonly string[]
  left: readonly string[]
}

/**
 * Makes the teams that an account is in because of its groups elsewhere those that are named, with the organisations that
 * they take. What the registry's own people gave him stays, and so does what they made their own since.
 */
export async function followGroups(
  tx: Transaction,
  { member, teams }: { member: string; teams: readonly NamedTeam[] },
): Promise<FollowedGroups> {
  const joined: string[] = []
  const left: string[] = []
  const wanted = new Map<string, string>()
  for (const named of teams) {
    const found = await tx.first(teamNamed, named)
    if (found) wanted.set(found.id, found.organisation)
  }
  const given = await tx.all(givenFromOutside, { member })
  for (const [team, organisation] of wanted) {
    if (await tx.first(teamMembership, { team, member })) continue
    if ((await tx.run(joinOrganisation, { organisation, member })) > 0)
      await tx.run(note, { member, place_kind: 'organisation', place: organisation })
    await tx.run(joinTeam, { team, member })
    await tx.run(note, { member, place_kind: 'team', place: team })
    joined.push(team)
  }
  for (const { place } of given.filter(({ place_kind }) => place_kind === 'team')) {
    if (wanted.has(place)) continue
    await tx.run(forget, { member, place })
    await tx.run(leaveTeam, { team: place, member })
    left.push(place)
  }
  for (const { place } of given.filter(({ place_kind }) => place_kind === 'organisation')) {
    if (await tx.first(anyTeamIn, { organisation: place, member })) continue
    await tx.run(forget, { member, place })
    await tx.run(leaveOrganisation, { organisation: place, member })
  }
  return { joined, left }
}

/** Somebody here gave or took it: it does not go by groups elsewhere any more. */
export async function ownMembership(
  tx: Transaction,
  membership: { member: string; place: string },
): Promise<void> {
  await tx.run(forget, membership)
}

/** The team or organisation is gone. */
export async function forgetPlace(tx: Transaction, { place }: { place: string }): Promise<void> {
  await tx.run(forgetAllAt, { place })
}

/** The account is gone. */
export async function forgetOutsider(tx: Transaction, { account }: { account: string }): Promise<void> {
  await tx.run(forgetIdentity, { account })
  await tx.run(forgetAllOf, { account })
}

const teamNamed = statement<NamedTeam>()(({ db, arg }) =>
  db
    .selectFrom('teams')
    .innerJoin('organisations', 'organisations.id', 'teams.organisation')
    .select(['teams.id', 'teams.organisation'])
    .where('organisations.name', '=', arg('organisation'))
    .where('teams.name', '=', arg('team')),
)

const givenFromOutside = statement<{ member: string }>()(({ db, arg }) =>
  db.selectFrom('outside_memberships').select(['place_kind', 'place']).where('member', '=', arg('member')),
)

const teamMembership = statement<{ team: string; member: string }>()(({ db, arg }) =>
  db
    .selectFrom('team_members')
    .select('team')
    .where('team', '=', arg('team'))
    .where('member', '=', arg('member')),
)

const joinOrganisation = statement<{ organisation: string; member: string }>()(({ db, arg }) =>
  db
    .insertInto('organisation_members')
    .values({ organisation: arg('organisation'), member: arg('member'), role: 'member' })
    .onConflict((conflict) => conflict.columns(['organisation', 'member']).doNothing()),
)

const joinTeam = statement<{ team: string; member: string }>()(({ db, arg }) =>
  db
    .insertInto('team_members')
    .values({ team: arg('team'), member: arg('member') })
    .onConflict((conflict) => conflict.columns(['team', 'member']).doNothing()),
)

const note = statement<{ member: string; place_kind: 'organisation' | 'team'; place: string }>()(
  ({ db, arg }) =>
    db
      .insertInto('outside_memberships')
      .values({ member: arg('member'), place_kind: arg('place_kind'), place: arg('place') })
      .onConflict((conflict) => conflict.columns(['member', 'place_kind', 'place']).doNothing()),
)

const leaveTeam = statement<{ team: string; member: string }>()(({ db, arg }) =>
  db.deleteFrom('team_members').where('team', '=', arg('team')).where('member', '=', arg('member')),
)

const anyTeamIn = statement<{ organisation: string; member: string }>()(({ db, arg }) =>
  db
    .selectFrom('team_members')
    .innerJoin('teams', 'teams.id', 'team_members.team')
    .select('teams.id')
    .where('team_members.member', '=', arg('member'))
    .where('teams.organisation', '=', arg('organisation'))
    .limit(1),
)

const leaveOrganisation = statement<{ organisation: string; member: string }>()(({ db, arg }) =>
  db
    .deleteFrom('organisation_members')
    .where('organisation', '=', arg('organisation'))
    .where('member', '=', arg('member')),
)

const forget = statement<{ member: string; place: string }>()(({ db, arg }) =>
  db.deleteFrom('outside_memberships').where('member', '=', arg('member')).where('place', '=', arg('place')),
)

const forgetAllAt = statement<{ place: string }>()(({ db, arg }) =>
  db.deleteFrom('outside_memberships').where('place', '=', arg('place')),
)

const forgetAllOf = statement<{ account: string }>()(({ db, arg }) =>
  db.deleteFrom('outside_memberships').where('member', '=', arg('account')),
)

const forgetIdentity = statement<{ account: string }>()(({ db, arg }) =>
  db.deleteFrom('outside_identities').where('account', '=', arg('account')),
)
