/** The tables of who may do what. Ids are UUIDs, unlike across kinds; flags are 0 or 1. */
export interface AccountsSchema {
  users: UserRow
  organisations: OrganisationRow
  organisation_members: OrganisationMemberRow
  teams: TeamRow
  team_members: TeamMemberRow
  namespaces: NamespaceRow
  grants: GrantRow
  robots: RobotRow
  robot_trusts: RobotTrustRow
  access_tokens: AccessTokenRow
  invitations: InvitationRow
  refresh_tokens: RefreshTokenRow
  signing_keys: SigningKeyRow
  spent_workload_tokens: SpentWorkloadTokenRow
  access_state: AccessStateRow
  outside_identities: OutsideIdentityRow
  outside_memberships: OutsideMembershipRow
}

export type Visibility = 'public' | 'private'
/** Each may do what the ones before it may. */
export type Role = 'read' | 'write' | 'maintain' | 'admin'
export type MemberRole = 'owner' | 'member'
export type AccountKind = 'user' | 'robot'
export type SubjectKind = 'user' | 'team'
export type ResourceKind = 'namespace' | 'repository'
export type OwnerKind = 'user' | 'organisation' | 'administrators'

export interface UserRow {
  id: string
  name: string
  email: string | null
  /** Null: he can't sign in by password. */
  password_hash: string | null
  admin: number
  disabled: number
  /** Bumped by whatever must end the tokens that were given out before. */
  generation: number
  created_at: number
}

export interface OrganisationRow {
  id: string
  name: string
  created_at: number
}

export interface OrganisationMemberRow {
  organisation: string
  member: string
  role: MemberRole
}

export interface TeamRow {
  id: string
  organisation: string
  name: string
  created_at: number
}

export interface TeamMemberRow {
  team: string
  member: string
}

/** The first component of names that have several. */
export interface NamespaceRow {
  name: string
  owner_kind: OwnerKind
  /** Null: the administrators. */
  owner: string | null
  /** What a repository is when its first push makes it. */
  default_visibility: Visibility
  created_at: number
}

export interface GrantRow {
  subject: string
  subject_kind: SubjectKind
  resource_kind: ResourceKind
  resource: string
  role: Role
}

export interface RobotRow {
  id: string
  organisation: string
  name: string
  disabled: number
  generation: number
  created_at: number
}

export interface AccessTokenRow {
  id: string
  owner_kind: AccountKind
  owner: string
  name: string
  /** SHA-256 of the secret, in hex. */
  hash: string
  /** JSON; null: all that its owner may. */
  scopes: string | null
  /** JSON of address ranges that it may be used from; null: everywhere. */
  addresses: string | null
  expires_at: number | null
  created_at: number
  /** Written down in batches; not journaled. */
  last_used_at: number | null
  /** By which of the robot's trusts it was given to a job; null: somebody made it. It ends with the trust. */
  trust: string | null
}

/** Jobs elsewhere that a robot lets sign in as itself, by the tokens that an OpenID provider gives them. */
export interface RobotTrustRow {
  id: string
  robot: string
  issuer: string
  audience: string
  /** JSON: an object of what each claim must be, which may be a pattern. */
  claims: string
  /** JSON; null: all that the robot may. */
  scopes: string | null
  created_at: number
}

/** A job's token that was taken once: it is not taken again. */
export interface SpentWorkloadTokenRow {
  /** SHA-256 of what its signature covers, in hex: the same signature can be written in several ways. */
  hash: string
  /** When it is good for nothing any more. */
  expires_at: number
}

/** Lets somebody make an account of his own where that takes an invitation. */
export interface InvitationRow {
  id: string
  /** SHA-256 of the secret, in hex. */
  hash: string
  email: string | null
  /** The organisation that he is a member of from then on. */
  organisation: string | null
  created_by: string
  created_at: number
  expires_at: number
}

export interface RefreshTokenRow {
  /** SHA-256 of the secret, in hex. */
  hash: string
  owner_kind: AccountKind
  owner: string
  /** The access token that it came from; null: the password. */
  access_token: string | null
  /** The owner's when it was given out. */
  generation: number
  service: string
  created_at: number
  expires_at: number
}

export interface SigningKeyRow {
  kid: string
  algorithm: string
  /** JSON. */
  public_jwk: string
  /** JSON. */
  private_jwk: string
  created_at: number
  /** From then on it signs nothing; what it signed holds until it is deleted. */
  retired_at: number | null
}

/** An account whose password, if any, somebody else knows. It is who this row says, whatever he is called there. */
export interface OutsideIdentityRow {
  /** Who knows him: `ldap:corp`. */
  issuer: string
  /** What he is to the issuer for good. */
  subject: string
  /** The id of a user. */
  account: string
  /** What he was called there when he was last seen. */
  login: string
  /** When the issuer last said that he is there; not journaled. */
  checked_at: number | null
  /** Since when he is disabled because the issuer said that he is not. */
  withdrawn_at: number | null
}

/** A membership that the account has because of its groups elsewhere: it goes with them. */
export interface OutsideMembershipRow {
  member: string
  place_kind: 'organisation' | 'team'
  place: string
}

/** One row, made with the table. */
export interface AccessStateRow {
  id: number
  /** 1, and never 0 again: who has no account may do no more than read what is public. */
  closed: number
  closed_at: number | null
  why: string | null
}
