import type { RepositoryName } from '../oci/repository-name.ts'
import type { ManagesDirectories } from './directory-management.ts'
import type { Page, Paged } from './pages.ts'
import type { ManagesRobotTrusts, RobotAddress } from './robot-trusts.ts'

export type { RobotAddress }

/** Who may do what in a registry. Names are texts here: the registry reads them. Times are ISO 8601. */
export interface ManagesAccess
  extends ManagesUsers,
    ManagesOrganisations,
    ManagesTeams,
    ManagesRobots,
    ManagesRobotTrusts,
    ManagesAccessTokens,
    ManagesGrants,
    ManagesDirectories,
    ManagesInvitations {}

export type Visibility = 'public' | 'private'
export type Role = 'read' | 'write' | 'maintain' | 'admin'

export interface ManagesUsers {
  whoAmI(): Promise<WhoAmI>
  createUser(user: NewUser): Promise<CreatedUser>
  listUsers(page: Page): Promise<Paged & { readonly users: readonly User[] }>
  showUser(of: { name: string }): Promise<User>
  changeUser(change: UserChange): Promise<User>
  /** @param change.current who changes his own must know it */
  setPassword(change: { name: string; password: string; current?: string | undefined }): Promise<User>
  deleteUser(of: { name: string }): Promise<DeletedAccount>
}

export interface WhoAmI {
  readonly kind: 'anonymous' | 'user' | 'robot' | 'operator'
  readonly name: string
  readonly admin: boolean
  /** Whether he came with an access token, or something made from one. */
  readonly accessToken: boolean
}

export interface NewUser {
  readonly name: string
  readonly email?: string | undefined
  readonly password: string
  readonly admin: boolean
  /** For the first account. */
  readonly setupCode?: string | undefined
}

export interface User {
  readonly name: string
  readonly email: string | null
  readonly admin: boolean
  readonly disabled: boolean
  /** The directory that knows his password; null: the registry itself does. */
  readonly directory: string | null
  readonly createdAt: string
}

export interface CreatedUser extends User {
  /** Whether he closed the registry: it was open until now. */
  readonly closed: boolean
  /** Whether the namespace of his name is his; else it was there before, and is the administrators'. */
  readonly namespace: boolean
}

export interface UserChange {
  readonly name: string
  readonly email?: string | null | undefined
  readonly admin?: boolean | undefined
  readonly disabled?: boolean | undefined
}

export interface DeletedAccount {
  readonly deleted: string
}

export interface ManagesOrganisations {
  /** @param organisation.owner undefined: who asks, or nobody yet where a command on the data does */
  createOrganisation(organisation: { name: string; owner?: string | undefined }): Promise<Organisation>
  listOrganisations(page: Page): Promise<Paged & { readonly organisations: readonly Organisation[] }>
  showOrganisation(of: { name: string }): Promise<Organisation>
  deleteOrganisation(of: { name: string }): Promise<DeletedAccount>
  listMembers(page: Page & { organisation: string }): Promise<Paged & { readonly members: readonly Member[] }>
  setMember(member: { organisation: string; user: string; role: Member['role'] }): Promise<NewMember>
  removeMember(member: { organisation: string; user: string }): Promise<Removed>
}

export interface Organisation {
  readonly name: string
  readonly owners: number
  readonly createdAt: string
}

export interface Member {
  readonly name: string
  readonly role: 'owner' | 'member'
}

export interface NewMember extends Member {
  readonly organisation: string
}

export interface Removed {
  readonly removed: string
}

export interface TeamAddress {
  readonly organisation: string
  readonly name: string
}

export interface ManagesTeams {
  createTeam(team: TeamAddress): Promise<Team>
  listTeams(page: Page & { organisation: string }): Promise<Paged & { readonly teams: readonly Team[] }>
  deleteTeam(team: TeamAddress): Promise<DeletedAccount>
  listTeamMembers(page: Page & TeamAddress): Promise<Paged & { readonly members: readonly string[] }>
  addTeamMember(member: TeamAddress & { user: string }): Promise<NewTeamMember>
  removeTeamMember(member: TeamAddress & { user: string }): Promise<Removed>
}

export interface Team extends TeamAddress {
  readonly createdAt: string
}

export interface NewTeamMember {
  readonly team: string
  readonly user: string
}

export interface ManagesRobots {
  createRobot(robot: RobotAddress): Promise<Robot>
  listRobots(page: Page & { organisation: string }): Promise<Paged & { readonly robots: readonly Robot[] }>
  changeRobot(change: RobotAddress & { disabled: boolean }): Promise<Robot>
  deleteRobot(robot: RobotAddress): Promise<DeletedAccount>
}

export interface Robot {
  /** What it signs in as: `acme+deploy`. */
  readonly name: string
  readonly disabled: boolean
  readonly createdAt: string
}

export type TokenOwner =
  | { readonly kind: 'user'; readonly name: string }
  | ({ readonly kind: 'robot' } & RobotAddress)

export interface ManagesAccessTokens {
  createAccessToken(token: NewAccessToken): Promise<CreatedAccessToken>
  listAccessTokens(of: { owner: TokenOwner }): Promise<{
    readonly owner: string
    readonly tokens: readonly AccessToken[]
  }>
  revokeAccessToken(of: { id: string }): Promise<{ readonly revoked: string; readonly owner: string }>
}

export interface NewAccessToken {
  readonly owner: TokenOwner
  readonly name: string
  /** `alice/app:pull,push`; none: all that its owner may. */
  readonly scopes: readonly string[]
  /** `30d`, a date, or `never`. */
  readonly expires: string
  readonly addresses: readonly string[]
}

export interface AccessToken {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[] | null
  readonly addresses: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly expired: boolean
  readonly lastUsedAt: string | null
}

export interface CreatedAccessToken extends AccessToken {
  /** What to sign in as. */
  readonly owner: string
  /** Shown this once. */
  readonly token: string
}

export interface GrantResource {
  readonly kind: 'namespace' | 'repository'
  readonly name: string
}

export interface ManagesGrants {
  setVisibility(of: {
    repository: RepositoryName
    visibility: Visibility
  }): Promise<{ readonly repository: string; readonly visibility: Visibility }>
  listNamespaces(page: Page): Promise<Paged & { readonly namespaces: readonly Namespace[] }>
  showNamespace(of: { name: string }): Promise<Namespace>
  changeNamespace(change: NamespaceChange): Promise<Namespace>
  /** @param grant.subject `alice`, or the team `acme/builders` */
  grantRole(grant: { subject: string; role: Role; on: GrantResource }): Promise<NewGrant>
  revokeRole(grant: { subject: string; on: GrantResource }): Promise<RevokedGrant>
  listGrants(on: GrantResource): Promise<{ readonly grants: readonly Grant[] }>
  explainAccess(of: { who: string; action: string; repository: RepositoryName }): Promise<Explanation>
}

export interface Namespace {
  readonly name: string
  readonly ownerKind: 'user' | 'organisation' | 'administrators'
  readonly owner: string | null
  readonly defaultVisibility: Visibility
  readonly createdAt: string
}

export interface NamespaceChange {
  readonly name: string
  readonly defaultVisibility?: Visibility | undefined
  readonly owner?: NamespaceOwner | undefined
}

export type NamespaceOwner =
  | { readonly kind: 'user' | 'organisation'; readonly name: string }
  | { readonly kind: 'administrators' }

export interface Grant {
  readonly subject: string
  readonly subjectKind: 'user' | 'team'
  readonly role: Role
  readonly on: GrantResource
}

export interface NewGrant extends Grant {
  /** Whether there is such a repository yet. */
  readonly exists: boolean
}

export interface RevokedGrant {
  readonly revoked: string
  readonly on: GrantResource
}

export interface Explanation {
  readonly who: string
  readonly action: string
  readonly repository: string
  readonly allow: boolean
  readonly reason: string
}

export interface ManagesInvitations {
  createInvitation(invitation: {
    email?: string | undefined
    organisation?: string | undefined
    expires: string
  }): Promise<CreatedInvitation>
  listInvitations(page: Page): Promise<Paged & { readonly invitations: readonly Invitation[] }>
  revokeInvitation(of: { id: string }): Promise<{ readonly revoked: string }>
}

export interface Invitation {
  readonly id: string
  readonly email: string | null
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
}

export interface CreatedInvitation extends Omit<Invitation, 'createdAt'> {
  /** Shown this once. */
  readonly invitation: string
  /** The setting access.registration. */
  readonly registration: string
}
