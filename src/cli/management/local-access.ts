import {
  createAccessToken,
  listAccessTokens,
  revokeAccessToken,
  type TokenOwner,
} from '../../access/access-tokens.ts'
import { parseAccountName, parseSubject, type RobotName, type TeamName } from '../../access/account-name.ts'
import type { Administration } from '../../access/administration.ts'
import type { Decide } from '../../access/decide.ts'
import { checkDirectories } from '../../access/directories/check.ts'
import type { Directory } from '../../access/directories/directory.ts'
import { parseExpiry } from '../../access/expiry.ts'
import { explainAccess, parseExplainable, parseWhom } from '../../access/explain.ts'
import { grantRole, listGrants, revokeRole } from '../../access/grants.ts'
import {
  changeNamespace,
  listNamespaces,
  parseNamespaceOwner,
  setVisibility,
  showNamespace,
} from '../../access/namespaces.ts'
import {
  createOrganisation,
  deleteOrganisation,
  listMembers,
  listOrganisations,
  removeMember,
  setMember,
  showOrganisation,
} from '../../access/organisations.ts'
import {
  createInvitation,
  listInvitations,
  parseInvitationExpiry,
  revokeInvitation,
} from '../../access/registration.ts'
import { addTrust, listTrusts, removeTrust } from '../../access/robot-trusts.ts'
import { changeRobot, createRobot, deleteRobot, listRobots } from '../../access/robots.ts'
import {
  addTeamMember,
  createTeam,
  deleteTeam,
  listTeamMembers,
  listTeams,
  removeTeamMember,
} from '../../access/teams.ts'
import { parseTokenScopes } from '../../access/token-scopes.ts'
import { changeUser, createUser, deleteUser, listUsers, setPassword, showUser } from '../../access/users.ts'
import type {
  ManagesAccess,
  RobotAddress,
  TeamAddress,
  TokenOwner as WrittenOwner,
} from '../../client/access-management.ts'

/** Everything about access on the data itself: whoever has the disk may do all of it. */
export function localAccess(
  administration: Administration & { decide: Decide },
  { caller, directories }: { caller: string; directories(): Promise<readonly Directory[]> },
): ManagesAccess {
  const { metadata } = administration
  return {
    checkDirectories: async (sought) =>
      checkDirectories({ directories: await directories(), metadata }, sought),
    ...users(administration, caller),
    ...organisations(administration),
    ...teamsAndRobots(administration),
    ...tokens(administration),
    ...grants(administration),
  }
}

function users(administration: Administration, caller: string) {
  return {
    whoAmI: async () => ({ kind: 'operator', name: caller, admin: true, accessToken: false }),
    // The set-up code is for those who don't have the disk.
    createUser: async ({ setupCode: _, name, ...user }) =>
      createUser(administration, { ...user, name: parseAccountName(name) }),
    listUsers: (page) => listUsers(administration, page),
    showUser: async ({ name }) => showUser(administration, { name: parseAccountName(name) }),
    changeUser: async ({ name, ...change }) =>
      changeUser(administration, { ...change, name: parseAccountName(name) }),
    setPassword: async ({ name, password }) =>
      setPassword(administration, { name: parseAccountName(name), password }),
    deleteUser: async ({ name }) => deleteUser(administration, { name: parseAccountName(name) }),
    createInvitation: async ({ email, organisation, expires }) =>
      createInvitation(administration, {
        email,
        organisation: organisation === undefined ? undefined : parseAccountName(organisation),
        expiresAt: parseInvitationExpiry(expires, administration.now()),
        caller,
      }),
    listInvitations: (page) => listInvitations(administration, page),
    revokeInvitation: (of) => revokeInvitation(administration, of),
  } satisfies Partial<ManagesAccess>
}

function organisations(administration: Administration) {
  const member = (of: { organisation: string; user: string }) => ({
    organisation: parseAccountName(of.organisation),
    user: parseAccountName(of.user),
  })
  return {
    createOrganisation: async ({ name, owner }) =>
      createOrganisation(administration, {
        name: parseAccountName(name),
        owner: owner === undefined ? undefined : parseAccountName(owner),
      }),
    listOrganisations: (page) => listOrganisations(administration, { ...page, member: undefined }),
    showOrganisation: async ({ name }) => showOrganisation(administration, { name: parseAccountName(name) }),
    deleteOrganisation: async ({ name }) =>
      deleteOrganisation(administration, { name: parseAccountName(name) }),
    listMembers: async ({ organisation, ...page }) =>
      listMembers(administration, { ...page, organisation: parseAccountName(organisation) }),
    setMember: async ({ role, ...of }) => setMember(administration, { ...member(of), role }),
    removeMember: async (of) => removeMember(administration, member(of)),
  } satisfies Partial<ManagesAccess>
}

function pair<T extends TeamName | RobotName>({ organisation, name }: TeamAddress | RobotAddress): T {
  return { organisation: parseAccountName(organisation), name: parseAccountName(name) } as T
}

function teamsAndRobots(administration: Administration) {
  const member = ({ user, ...team }: TeamAddress & { user: string }) => ({
    ...pair(team),
    user: parseAccountName(user),
  })
  return {
    createTeam: async (team) => createTeam(administration, pair(team)),
    listTeams: async ({ organisation, ...page }) =>
      listTeams(administration, { ...page, organisation: parseAccountName(organisation) }),
    deleteTeam: async (team) => deleteTeam(administration, pair(team)),
    listTeamMembers: async ({ organisation, name, ...page }) =>
      listTeamMembers(administration, { ...page, ...pair({ organisation, name }) }),
    addTeamMember: async (of) => addTeamMember(administration, member(of)),
    removeTeamMember: async (of) => removeTeamMember(administration, member(of)),
    createRobot: async (robot) => createRobot(administration, pair(robot)),
    listRobots: async ({ organisation, ...page }) =>
      listRobots(administration, { ...page, organisation: parseAccountName(organisation) }),
    changeRobot: async ({ disabled, ...robot }) => changeRobot(administration, { ...pair(robot), disabled }),
    deleteRobot: async (robot) => deleteRobot(administration, pair(robot)),
    addTrust: async ({ robot, scopes, ...trust }) =>
      addTrust(administration, { ...trust, robot: pair(robot), scopes: parseTokenScopes(scopes) }),
    listTrusts: async (robot) => listTrusts(administration, pair(robot)),
    removeTrust: async ({ id, ...robot }) => removeTrust(administration, { ...pair<RobotName>(robot), id }),
  } satisfies Partial<ManagesAccess>
}

function tokens(administration: Administration) {
  const ownerOf = (owner: WrittenOwner): TokenOwner =>
    owner.kind === 'user'
      ? { kind: 'user', name: parseAccountName(owner.name) }
      : { kind: 'robot', ...pair<RobotName>(owner) }
  return {
    createAccessToken: async ({ owner, scopes, expires, ...token }) =>
      createAccessToken(administration, {
        ...token,
        owner: ownerOf(owner),
        scopes: parseTokenScopes(scopes),
        expiresAt: parseExpiry(expires, administration.now()),
      }),
    listAccessTokens: async ({ owner }) => listAccessTokens(administration, { owner: ownerOf(owner) }),
    revokeAccessToken: (of) => revokeAccessToken(administration, of),
  } satisfies Partial<ManagesAccess>
}

function grants(administration: Administration & { decide: Decide }) {
  return {
    setVisibility: (of) => setVisibility(administration, of),
    listNamespaces: (page) => listNamespaces(administration, { ...page, owner: undefined }),
    showNamespace: async ({ name }) => showNamespace(administration, { name: parseAccountName(name) }),
    changeNamespace: async ({ name, owner, defaultVisibility }) =>
      changeNamespace(administration, {
        name: parseAccountName(name),
        owner: owner && parseNamespaceOwner(owner),
        defaultVisibility,
      }),
    grantRole: async ({ subject, ...grant }) =>
      grantRole(administration, { ...grant, subject: parseSubject(subject) }),
    revokeRole: async ({ subject, on }) => revokeRole(administration, { subject: parseSubject(subject), on }),
    listGrants: (on) => listGrants(administration, on),
    explainAccess: async ({ who, action, repository }) =>
      explainAccess(administration, { whom: parseWhom(who), action: parseExplainable(action), repository }),
  } satisfies Partial<ManagesAccess>
}
