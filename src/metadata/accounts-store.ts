import type { RepositoryName } from '../oci/repository-name.ts'
import type { DecidesAccess, ListsReadable } from './access-store.ts'
import type { MemberRole, OwnerKind, ResourceKind, Role, SubjectKind, Visibility } from './accounts-schema.ts'
import type { Page } from './pages.ts'
import type { ChecksWorkloads, FindsTrusts } from './robot-trusts-store.ts'
import type { ChecksSignIn, FoundAccessToken, StoredAccessToken } from './sign-in-store.ts'

export type * from './access-store.ts'
export type {
  AccountKind,
  MemberRole,
  OwnerKind,
  ResourceKind,
  Role,
  SubjectKind,
  Visibility,
} from './accounts-schema.ts'
export type * from './robot-trusts-store.ts'
export type * from './sign-in-store.ts'

/** Who may do what. Times are milliseconds since 1970. */
export interface AccountsStore
  extends DecidesAccess,
    ListsReadable,
    ChecksSignIn,
    FindsUsers,
    FindsOrganisations,
    FindsNamespaces,
    FindsTokens,
    FindsTrusts,
    ChecksWorkloads {}

export interface FindsUsers {
  /** Whether the registry is closed, and whether it has users. */
  accessState(): Promise<AccessState>
  findUser(name: string): Promise<StoredUser | undefined>
  findUserById(id: string): Promise<StoredUser | undefined>
  /** The account of somebody whom an issuer knows. */
  findUserByIdentity(by: { issuer: string; subject: string }): Promise<StoredUser | undefined>
  listUsers(page: Page<string>): Promise<StoredUser[]>
  /** A user or an organisation of the name, or repositories below it. */
  nameInUse(name: string): Promise<NameUse>
  findInvitation(hash: string): Promise<StoredInvitation | undefined>
  listInvitations(page: Page<string>): Promise<StoredInvitation[]>
}

export interface AccessState {
  readonly closed: boolean
  readonly closedAt: number | undefined
  /** Why it was closed. */
  readonly why: string | undefined
  readonly hasUsers: boolean
}

export interface StoredUser {
  readonly id: string
  readonly name: string
  readonly email: string | undefined
  readonly admin: boolean
  readonly disabled: boolean
  readonly hasPassword: boolean
  readonly generation: number
  /** Who knows his password: `ldap:corp`; undefined: nobody but the registry. */
  readonly issuer: string | undefined
  readonly createdAt: number
}

export interface NameUse {
  readonly user: boolean
  readonly organisation: boolean
  readonly namespace: OwnerKind | undefined
  /** Whether any repository lies below it. */
  readonly repositories: boolean
}

export interface StoredInvitation {
  readonly id: string
  readonly email: string | undefined
  /** The organisation that who takes it is a member of. */
  readonly organisation: string | undefined
  readonly createdBy: string
  readonly createdAt: number
  readonly expiresAt: number
}

export interface FindsOrganisations {
  findOrganisation(name: string): Promise<StoredOrganisation | undefined>
  /** All, or those that a user is a member of. */
  listOrganisations(page: Page<string> & { member?: string }): Promise<StoredOrganisation[]>
  listMembers(page: Page<string> & { organisation: string }): Promise<StoredMember[]>
  countOwners(organisation: string): Promise<number>
  findTeam(by: { organisation: string; name: string }): Promise<StoredTeam | undefined>
  listTeams(page: Page<string> & { organisation: string }): Promise<StoredTeam[]>
  listTeamMembers(page: Page<string> & { team: string }): Promise<string[]>
  findRobot(by: { organisation: string; name: string }): Promise<StoredRobot | undefined>
  listRobots(page: Page<string> & { organisation: string }): Promise<StoredRobot[]>
}

export interface StoredOrganisation {
  readonly id: string
  readonly name: string
  readonly createdAt: number
}

export interface StoredMember {
  readonly id: string
  readonly name: string
  readonly role: MemberRole
}

export interface StoredTeam {
  readonly id: string
  readonly organisation: string
  readonly name: string
  readonly createdAt: number
}

export interface StoredRobot {
  readonly id: string
  readonly organisation: string
  readonly name: string
  readonly disabled: boolean
  readonly generation: number
  readonly createdAt: number
}

export interface FindsNamespaces {
  findNamespace(name: string): Promise<StoredNamespace | undefined>
  /** All, or those of an owner. */
  listNamespaces(page: Page<string> & { owner?: string }): Promise<StoredNamespace[]>
  findVisibility(repository: RepositoryName): Promise<Visibility | undefined>
  /** By the subject's name. */
  listGrantsOn(by: { kind: ResourceKind; resource: string; limit: number }): Promise<StoredGrant[]>
  listGrantsTo(by: { subject: string; limit: number }): Promise<StoredGrant[]>
}

export interface StoredNamespace {
  readonly name: string
  readonly ownerKind: OwnerKind
  /** The name of the user or organisation; undefined: the administrators. */
  readonly owner: string | undefined
  readonly defaultVisibility: Visibility
  readonly createdAt: number
}

export interface StoredGrant {
  readonly subject: string
  readonly subjectKind: SubjectKind
  /** A team's with its organisation: `acme/builders`. */
  readonly subjectName: string
  readonly resourceKind: ResourceKind
  readonly resource: string
  readonly role: Role
}

export interface FindsTokens {
  /** Those that somebody made for a user or robot, by id: what jobs are given goes by the trust. */
  listAccessTokens(by: { owner: string; limit: number }): Promise<StoredAccessToken[]>
  /** Also whom it belongs to: only he, his organisation's owners and administrators may see and revoke it. */
  findAccessTokenById(id: string): Promise<FoundAccessToken | undefined>
}
