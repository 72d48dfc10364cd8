import * as queries from './accounts-queries.ts'
import type {
  InvitationRow,
  NamespaceRow,
  OrganisationRow,
  RobotRow,
  TeamRow,
  UserRow,
} from './accounts-schema.ts'
import type {
  FindsNamespaces,
  FindsOrganisations,
  FindsTokens,
  FindsUsers,
  StoredGrant,
  StoredInvitation,
  StoredNamespace,
  StoredOrganisation,
  StoredRobot,
  StoredTeam,
  StoredUser,
} from './accounts-store.ts'
import type { Reader } from './engine.ts'
import { accessTokenById, foundAccessToken, storedAccessToken } from './sign-in-reads.ts'

/** Accounts and what they own: the same queries on every engine. */
export function accountsReads(
  engine: Reader,
): FindsUsers & FindsOrganisations & FindsNamespaces & FindsTokens {
  return { ...users(engine), ...organisations(engine), ...namespaces(engine), ...tokens(engine) }
}

function users(engine: Reader): FindsUsers {
  return {
    async accessState() {
      const row = await engine.first(queries.accessState, {})
      return {
        closed: row?.closed === 1,
        closedAt: row?.closed_at ?? undefined,
        why: row?.why ?? undefined,
        hasUsers: (row?.users ?? 0) > 0,
      }
    },
    async findUser(name) {
      const row = await engine.first(queries.userByName, { name })
      return row && storedUser(row)
    },
    async findUserById(id) {
      const row = await engine.first(queries.userById, { id })
      return row && storedUser(row)
    },
    async findUserByIdentity(by) {
      const row = await engine.first(queries.userByIdentity, by)
      return row && storedUser(row)
    },
    async listUsers({ after = '', limit }) {
      return (await engine.all(queries.userPage, { after, limit })).map(storedUser)
    },
    async nameInUse(name) {
      const row = await engine.first(queries.nameUse, { name, low: `${name}/`, high: `${name}0` })
      return {
        user: (row?.users ?? 0) > 0,
        organisation: (row?.organisations ?? 0) > 0,
        namespace: row?.namespace ?? undefined,
        repositories: row?.repositories === 1,
      }
    },
    async findInvitation(hash) {
      const row = await engine.first(queries.invitationByHash, { hash })
      return row && storedInvitation(row)
    },
    async listInvitations({ after = '', limit }) {
      return (await engine.all(queries.invitationPage, { after, limit })).map(storedInvitation)
    },
  }
}

function organisations(engine: Reader): FindsOrganisations {
  return {
    async findOrganisation(name) {
      const row = await engine.first(queries.organisationByName, { name })
      return row && storedOrganisation(row)
    },
    async listOrganisations({ member, after = '', limit }) {
      const rows = member
        ? await engine.all(queries.organisationsOf, { member, after, limit })
        : await engine.all(queries.organisationPage, { after, limit })
      return rows.map(storedOrganisation)
    },
    listMembers: ({ after = '', ...page }) => engine.all(queries.memberPage, { ...page, after }),
    async countOwners(organisation) {
      return (await engine.first(queries.ownerCount, { organisation }))?.count ?? 0
    },
    async findTeam(by) {
      const row = await engine.first(queries.teamByName, by)
      return row && storedTeam(row)
    },
    async listTeams({ after = '', ...page }) {
      return (await engine.all(queries.teamPage, { ...page, after })).map(storedTeam)
    },
    async listTeamMembers({ after = '', ...page }) {
      return (await engine.all(queries.teamMemberPage, { ...page, after })).map(({ name }) => name)
    },
    async findRobot(by) {
      const row = await engine.first(queries.robotByName, by)
      return row && storedRobot(row)
    },
    async listRobots({ after = '', ...page }) {
      return (await engine.all(queries.robotPage, { ...page, after })).map(storedRobot)
    },
  }
}

function namespaces(engine: Reader): FindsNamespaces {
  return {
    async findNamespace(name) {
      const row = await engine.first(queries.namespaceByName, { name })
      return row && storedNamespace(row)
    },
    async listNamespaces({ owner = '', after = '', limit }) {
      return (await engine.all(queries.namespacePage, { owner, after, limit })).map(storedNamespace)
    },
    async findVisibility(repository) {
      return (await engine.first(queries.visibility, { repository }))?.visibility
    },
    async listGrantsOn(by) {
      return (await engine.all(queries.grantsOn, by)).map(storedGrant)
    },
    async listGrantsTo(by) {
      return (await engine.all(queries.grantsTo, by)).map(storedGrant)
    },
  }
}

function tokens(engine: Reader): FindsTokens {
  return {
    async listAccessTokens(by) {
      return (await engine.all(queries.accessTokensOf, by)).map(storedAccessToken)
    },
    async findAccessTokenById(id) {
      const row = await engine.first(accessTokenById, { value: id })
      return row && foundAccessToken(row)
    },
  }
}

function storedUser(row: UserRow & { issuer: string | null }): StoredUser {
  return {
    id: row.id,
    name: row.name,
    email: row.email ?? undefined,
    admin: row.admin === 1,
    disabled: row.disabled === 1,
    hasPassword: row.password_hash !== null,
    generation: row.generation,
    issuer: row.issuer ?? undefined,
    createdAt: row.created_at,
  }
}

function storedInvitation(row: InvitationRow): StoredInvitation {
  return {
    id: row.id,
    email: row.email ?? undefined,
    organisation: row.organisation ?? undefined,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

function storedOrganisation({ id, name, created_at }: OrganisationRow): StoredOrganisation {
  return { id, name, createdAt: created_at }
}

function storedTeam({ id, organisation, name, created_at }: TeamRow): StoredTeam {
  return { id, organisation, name, createdAt: created_at }
}

function storedRobot({ id, organisation, name, disabled, generation, created_at }: RobotRow): StoredRobot {
  return { id, organisation, name, disabled: disabled === 1, generation, createdAt: created_at }
}

function storedNamespace(row: NamespaceRow & { owner_name: string | null }): StoredNamespace {
  return {
    name: row.name,
    ownerKind: row.owner_kind,
    owner: row.owner_name ?? undefined,
    defaultVisibility: row.default_visibility,
    createdAt: row.created_at,
  }
}

type GrantColumns = NonNullable<(typeof queries.grantsOn)['row']>

function storedGrant(row: GrantColumns): StoredGrant {
  return {
    subject: row.subject,
    subjectKind: row.subject_kind,
    subjectName: row.subject_name ?? '',
    resourceKind: row.resource_kind,
    resource: row.resource,
    role: row.role,
  }
}
