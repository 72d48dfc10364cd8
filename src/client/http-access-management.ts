import type {
  GrantResource,
  ManagesAccess,
  RobotAddress,
  TeamAddress,
  TokenOwner,
} from './access-management.ts'
import type { Page } from './pages.ts'
import type { Remote } from './remote.ts'

/** The part of a registry's management API that is about access, seen from a client. */
export function accessManagement({ request }: Remote): ManagesAccess {
  return {
    ...users(request),
    ...organisations(request),
    ...teamsAndRobots(request),
    ...tokens(request),
    ...grants(request),
  }
}

type Ask = Remote['request']

const api = '/api/v1'
const part = encodeURIComponent
const paged = ({ after, limit }: Page) => ({ query: { ...(after ? { after } : {}), limit: String(limit) } })
const userPath = ({ name }: { name: string }) => `${api}/users/${part(name)}`
const organisationPath = (name: string) => `${api}/organisations/${part(name)}`

function users(request: Ask) {
  return {
    whoAmI: () => request('GET', `${api}/whoami`),
    createUser: (user) => request('POST', `${api}/users`, { body: user }),
    listUsers: (page) => request('GET', `${api}/users`, paged(page)),
    showUser: (of) => request('GET', userPath(of)),
    changeUser: ({ name, ...change }) => request('PUT', userPath({ name }), { body: change }),
    setPassword: ({ name, ...change }) => request('PUT', `${userPath({ name })}/password`, { body: change }),
    deleteUser: (of) => request('DELETE', userPath(of)),
    checkDirectories: (sought) => request('POST', `${api}/directories/check`, { body: sought }),
    createInvitation: (invitation) => request('POST', `${api}/invitations`, { body: invitation }),
    listInvitations: (page) => request('GET', `${api}/invitations`, paged(page)),
    revokeInvitation: ({ id }) => request('DELETE', `${api}/invitations/${part(id)}`),
  } satisfies Partial<ManagesAccess>
}

function organisations(request: Ask) {
  const member = ({ organisation, user }: { organisation: string; user: string }) =>
    `${organisationPath(organisation)}/members/${part(user)}`
  return {
    createOrganisation: (organisation) => request('POST', `${api}/organisations`, { body: organisation }),
    listOrganisations: (page) => request('GET', `${api}/organisations`, paged(page)),
    showOrganisation: ({ name }) => request('GET', organisationPath(name)),
    deleteOrganisation: ({ name }) => request('DELETE', organisationPath(name)),
    listMembers: ({ organisation, ...page }) =>
      request('GET', `${organisationPath(organisation)}/members`, paged(page)),
    setMember: ({ role, ...of }) => request('PUT', member(of), { body: { role } }),
    removeMember: (of) => request('DELETE', member(of)),
  } satisfies Partial<ManagesAccess>
}

function robotPath({ organisation, name }: RobotAddress): string {
  return `${organisationPath(organisation)}/robots/${part(name)}`
}

function teamsAndRobots(request: Ask) {
  const team = ({ organisation, name }: TeamAddress) =>
    `${organisationPath(organisation)}/teams/${part(name)}`
  return {
    createTeam: ({ organisation, name }) =>
      request('POST', `${organisationPath(organisation)}/teams`, { body: { name } }),
    listTeams: ({ organisation, ...page }) =>
      request('GET', `${organisationPath(organisation)}/teams`, paged(page)),
    deleteTeam: (of) => request('DELETE', team(of)),
    listTeamMembers: ({ organisation, name, ...page }) =>
      request('GET', `${team({ organisation, name })}/members`, paged(page)),
    addTeamMember: ({ user, ...of }) => request('PUT', `${team(of)}/members/${part(user)}`, { body: {} }),
    removeTeamMember: ({ user, ...of }) => request('DELETE', `${team(of)}/members/${part(user)}`),
    createRobot: ({ organisation, name }) =>
      request('POST', `${organisationPath(organisation)}/robots`, { body: { name } }),
    listRobots: ({ organisation, ...page }) =>
      request('GET', `${organisationPath(organisation)}/robots`, paged(page)),
    changeRobot: ({ disabled, ...robot }) => request('PUT', robotPath(robot), { body: { disabled } }),
    deleteRobot: (robot) => request('DELETE', robotPath(robot)),
    addTrust: ({ robot, ...trust }) => request('POST', `${robotPath(robot)}/trusts`, { body: trust }),
    listTrusts: (robot) => request('GET', `${robotPath(robot)}/trusts`),
    removeTrust: ({ id, ...robot }) => request('DELETE', `${robotPath(robot)}/trusts/${part(id)}`),
  } satisfies Partial<ManagesAccess>
}

function tokens(request: Ask) {
  const owned = (owner: TokenOwner) => `${owner.kind === 'user' ? userPath(owner) : robotPath(owner)}/tokens`
  return {
    createAccessToken: ({ owner, ...token }) => request('POST', owned(owner), { body: token }),
    listAccessTokens: ({ owner }) => request('GET', owned(owner)),
    revokeAccessToken: ({ id }) => request('DELETE', `${api}/tokens/${part(id)}`),
  } satisfies Partial<ManagesAccess>
}

function grants(request: Ask) {
  const places = { repository: 'repositories', namespace: 'namespaces' } as const
  const grantsOn = ({ kind, name }: GrantResource) => `${api}/${places[kind]}/${part(name)}/grants`
  const namespace = (name: string) => `${api}/namespaces/${part(name)}`
  return {
    setVisibility: ({ repository, visibility }) =>
      request('PUT', `${api}/repositories/${part(repository)}/visibility`, { body: { visibility } }),
    listNamespaces: (page) => request('GET', `${api}/namespaces`, paged(page)),
    showNamespace: ({ name }) => request('GET', namespace(name)),
    changeNamespace: ({ name, ...change }) => request('PUT', namespace(name), { body: change }),
    grantRole: ({ subject, role, on }) =>
      request('PUT', `${grantsOn(on)}/${part(subject)}`, { body: { role } }),
    revokeRole: ({ subject, on }) => request('DELETE', `${grantsOn(on)}/${part(subject)}`),
    listGrants: (on) => request('GET', grantsOn(on)),
    explainAccess: ({ who, action, repository }) =>
      request('GET', `${api}/repositories/${part(repository)}/access`, { query: { who, action } }),
  } satisfies Partial<ManagesAccess>
}
