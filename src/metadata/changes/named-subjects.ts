import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import type { ChangeArguments, ChangeName } from './changes.ts'

/** Names, in the words in which an event has them. */
export type SubjectNames = Readonly<Record<string, string>>

type FindNames<N extends ChangeName> = (
  tx: Transaction,
  args: ChangeArguments<N>,
) => Promise<Record<string, string | undefined>>

/**
 * The names of the accounts that a change names by their ids, as they are before it: who reads later what was done may
 * find none of them any more.
 */
export async function namesBefore<N extends ChangeName>(
  tx: Transaction,
  name: N,
  args: ChangeArguments<N>,
): Promise<SubjectNames | undefined> {
  const find = finders[name] as FindNames<N> | undefined
  if (!find) return undefined
  const found = Object.entries(await find(tx, args))
  return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== undefined))
}

const ofUser = async (tx: Transaction, { id }: { id: string }) => ({ name: await userName(tx, id) })
const ofRobot = async (tx: Transaction, { id }: { id: string }) => ({ name: await robotName(tx, id) })
const inOrganisation = async (tx: Transaction, { organisation }: { organisation: string }) => ({
  organisationName: await organisationName(tx, organisation),
})

/** Changes that are told of with ids; each look-up is by a key. */
const finders: { readonly [N in ChangeName]?: FindNames<N> } = {
  setUser: ofUser,
  setPassword: ofUser,
  deleteUser: ofUser,
  deleteOrganisation: async (tx, { id }) => ({ name: await organisationName(tx, id) }),
  setMember: async (tx, { organisation, user }) => ({
    name: await organisationName(tx, organisation),
    userName: await userName(tx, user),
  }),
  createTeam: inOrganisation,
  deleteTeam: async (tx, { id }) => ({ name: await teamName(tx, id) }),
  setTeamMember: async (tx, { team, user }) => ({
    name: await teamName(tx, team),
    userName: await userName(tx, user),
  }),
  createRobot: inOrganisation,
  setRobot: ofRobot,
  deleteRobot: ofRobot,
  addRobotTrust: async (tx, { robot: id }) => ({ robotName: await robotName(tx, id) }),
  async removeRobotTrust(tx, { id }) {
    const trust = await tx.first(robotTrust, { id })
    return { robotName: trust && (await robotName(tx, trust.robot)) }
  },
  createAccessToken: async (tx, { owner_kind, owner }) => ({
    ownerName: await ownerName(tx, owner_kind, owner),
  }),
  async deleteAccessToken(tx, { id }) {
    const token = await tx.first(accessToken, { id })
    return token ? { name: token.name, ownerName: await ownerName(tx, token.owner_kind, token.owner) } : {}
  },
  setGrant: async (tx, { subjectKind, subject }) => ({
    name: subjectKind === 'team' ? await teamName(tx, subject) : await userName(tx, subject),
  }),
}

async function userName(tx: Transaction, id: string): Promise<string | undefined> {
  return (await tx.first(user, { id }))?.name
}

async function organisationName(tx: Transaction, id: string): Promise<string | undefined> {
  return (await tx.first(organisation, { id }))?.name
}

/** `acme/builders` */
async function teamName(tx: Transaction, id: string): Promise<string | undefined> {
  const found = await tx.first(team, { id })
  return found && `${found.organisation}/${found.name}`
}

/** `acme+deploy` */
async function robotName(tx: Transaction, id: string): Promise<string | undefined> {
  const found = await tx.first(robot, { id })
  return found && `${found.organisation}+${found.name}`
}

function ownerName(tx: Transaction, kind: string, id: string): Promise<string | undefined> {
  return kind === 'robot' ? robotName(tx, id) : userName(tx, id)
}

interface ById {
  id: string
}

const user = statement<ById>()(({ db, arg }) =>
  db.selectFrom('users').select('name').where('id', '=', arg('id')),
)

const organisation = statement<ById>()(({ db, arg }) =>
  db.selectFrom('organisations').select('name').where('id', '=', arg('id')),
)

const team = statement<ById>()(({ db, arg }) =>
  db
    .selectFrom('teams')
    .innerJoin('organisations', 'organisations.id', 'teams.organisation')
    .select(['teams.name', 'organisations.name as organisation'])
    .where('teams.id', '=', arg('id')),
)

const robot = statement<ById>()(({ db, arg }) =>
  db
    .selectFrom('robots')
    .innerJoin('organisations', 'organisations.id', 'robots.organisation')
    .select(['robots.name', 'organisations.name as organisation'])
    .where('robots.id', '=', arg('id')),
)

const robotTrust = statement<ById>()(({ db, arg }) =>
  db.selectFrom('robot_trusts').select('robot').where('id', '=', arg('id')),
)

const accessToken = statement<ById>()(({ db, arg }) =>
  db.selectFrom('access_tokens').select(['name', 'owner_kind', 'owner']).where('id', '=', arg('id')),
)
