import { z } from '@hono/zod-openapi'
import { count, listOf, next, time } from './answers.ts'

/** What answers about accounts carry: the same as what the use cases return. */

const word = z.string()
const visibility = z.enum(['public', 'private'])
const role = z.enum(['read', 'write', 'maintain', 'admin'])

export const whoAmI = z
  .object({
    kind: z.enum(['anonymous', 'user', 'robot', 'operator']),
    name: word,
    admin: z.boolean(),
    accessToken: z.boolean().openapi({ description: 'Whether the caller came with an access token' }),
  })
  .openapi('WhoAmI')

export const user = z
  .object({
    name: word,
    email: word.nullable(),
    admin: z.boolean(),
    disabled: z.boolean(),
    directory: word
      .nullable()
      .openapi({ description: 'The directory that knows the password; null: the registry itself does' }),
    createdAt: time,
  })
  .openapi('User')

export const users = z.object({ users: listOf(user), next }).openapi('Users')

export const createdUser = user
  .extend({
    closed: z.boolean().openapi({ description: 'Whether the registry was open until now' }),
    namespace: z.boolean().openapi({ description: 'Whether the namespace of the name is the user’s' }),
  })
  .openapi('CreatedUser')

export const deletedAccount = z.object({ deleted: word }).openapi('DeletedAccount')
export const removed = z.object({ removed: word }).openapi('Removed')

const invitation = z
  .object({ id: word, email: word.nullable(), createdBy: word, createdAt: time, expiresAt: time })
  .openapi('Invitation')

export const invitations = z.object({ invitations: listOf(invitation), next }).openapi('Invitations')

export const createdInvitation = invitation
  .omit({ createdAt: true })
  .extend({
    invitation: word.openapi({ description: 'Shown this once' }),
    registration: word.openapi({ description: 'The setting access.registration' }),
  })
  .openapi('CreatedInvitation')

export const revokedInvitation = z.object({ revoked: word }).openapi('RevokedInvitation')

export const organisation = z.object({ name: word, owners: count, createdAt: time }).openapi('Organisation')
export const organisations = z.object({ organisations: listOf(organisation), next }).openapi('Organisations')

const member = z.object({ name: word, role: z.enum(['owner', 'member']) }).openapi('Member')
export const members = z.object({ members: listOf(member), next }).openapi('Members')
export const newMember = member.extend({ organisation: word }).openapi('NewMember')

export const team = z.object({ organisation: word, name: word, createdAt: time }).openapi('Team')
export const teams = z.object({ teams: listOf(team), next }).openapi('Teams')
export const teamMembers = z.object({ members: listOf(word), next }).openapi('TeamMembers')
export const newTeamMember = z.object({ team: word, user: word }).openapi('NewTeamMember')

export const robot = z
  .object({
    name: word.openapi({ description: 'What it signs in as', example: 'acme+deploy' }),
    disabled: z.boolean(),
    createdAt: time,
  })
  .openapi('Robot')
export const robots = z.object({ robots: listOf(robot), next }).openapi('Robots')

const accessToken = z
  .object({
    id: word,
    name: word,
    scopes: listOf(word).nullable().openapi({ description: 'Null: all that its owner may' }),
    addresses: listOf(word).nullable().openapi({ description: 'Null: from everywhere' }),
    createdAt: time,
    expiresAt: time.nullable(),
    expired: z.boolean(),
    lastUsedAt: time.nullable(),
  })
  .openapi('AccessToken')

export const accessTokens = z.object({ owner: word, tokens: listOf(accessToken) }).openapi('AccessTokens')

export const createdAccessToken = accessToken
  .extend({
    owner: word.openapi({ description: 'What to sign in as' }),
    token: word.openapi({ description: 'Shown this once; goes in the place of a password' }),
  })
  .openapi('CreatedAccessToken')

export const revokedAccessToken = z.object({ revoked: word, owner: word }).openapi('RevokedAccessToken')

export const setVisibility = z.object({ repository: word, visibility }).openapi('Visibility')

export const namespace = z
  .object({
    name: word,
    ownerKind: z.enum(['user', 'organisation', 'administrators']),
    owner: word.nullable(),
    defaultVisibility: visibility,
    createdAt: time,
  })
  .openapi('Namespace')
export const namespaces = z.object({ namespaces: listOf(namespace), next }).openapi('Namespaces')

const resource = z.object({ kind: z.enum(['namespace', 'repository']), name: word })
const grant = z
  .object({ subject: word, subjectKind: z.enum(['user', 'team']), role, on: resource })
  .openapi('Grant')
export const grants = z.object({ grants: listOf(grant) }).openapi('Grants')
export const newGrant = grant
  .extend({ exists: z.boolean().openapi({ description: 'Whether there is such a repository yet' }) })
  .openapi('NewGrant')
export const revokedGrant = z.object({ revoked: word, on: resource }).openapi('RevokedGrant')

export const explanation = z
  .object({ who: word, action: word, repository: word, allow: z.boolean(), reason: word })
  .openapi('Explanation')
