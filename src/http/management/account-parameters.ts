import { z } from '@hono/zod-openapi'
import { parseAccountName, parseSubject } from '../../access/account-name.ts'
import type { NamedResource } from '../../access/decide.ts'
import { explainable, parseExplainable, parseWhom } from '../../access/explain.ts'
import { parseTokenScopes } from '../../access/token-scopes.ts'
import type { ManagementContext } from './environment.ts'
import { repositoryPath } from './parameters.ts'

/** What requests about accounts carry. */

const name = z.string().transform(parseAccountName)
/** What people write about themselves: a database refuses NUL and lone surrogates as text. */
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((given) => !given.includes('\0') && given.isWellFormed(), 'is no text')
const email = text(254).regex(/^[^\s@]+@[^\s@]+$/, 'is no e-mail address')
/** Its rule is the use case's, which says what is wrong with it in words. */
const password = z.string().max(4096).openapi({ format: 'password' })
const inPath = (key: string, example: string) => name.openapi({ example, param: { name: key, in: 'path' } })
const expires = z.string().max(40).openapi({
  description: 'A time from now such as 30d, a date, or never',
  example: '30d',
})

export const userPath = z.object({ user: inPath('user', 'alice') })
export const organisationPath = z.object({ organisation: inPath('organisation', 'acme') })
export const memberPath = organisationPath.extend(userPath.shape)
export const teamPath = organisationPath.extend({ team: inPath('team', 'builders') })
export const teamMemberPath = teamPath.extend(userPath.shape)
export const robotPath = organisationPath.extend({ robot: inPath('robot', 'deploy') })
export const namespacePath = z.object({ namespace: inPath('namespace', 'alice') })

export const idPath = z.object({
  id: z
    .string()
    .regex(/^[\w-]{1,100}$/, 'is no ID')
    .openapi({ param: { name: 'id', in: 'path' } }),
})

const subject = z
  .string()
  .transform(parseSubject)
  .openapi({
    description: 'A user, or a team with its organisation, whose slash is written %2F',
    example: 'acme/builders',
    param: { name: 'subject', in: 'path' },
  })

export const namespaceGrantPath = namespacePath.extend({ subject })
export const repositoryGrantPath = repositoryPath.extend({ subject })

export const newUser = z
  .strictObject({
    name,
    email: email.optional(),
    password,
    admin: z.boolean().default(false),
    setupCode: z.string().max(100).optional().openapi({
      description: 'For the first user: the log of the server shows it',
    }),
  })
  .openapi('NewUser')

export const registering = z
  .strictObject({
    name,
    email: email.optional(),
    password,
    invitation: z.string().max(200).optional(),
  })
  .openapi('Registering')

export const userChange = z
  .strictObject({
    email: email.nullable().optional(),
    admin: z.boolean().optional(),
    disabled: z.boolean().optional(),
  })
  .openapi('UserChange')

export const passwordChange = z
  .strictObject({
    password,
    current: password.optional().openapi({ description: 'Who changes his own must know it' }),
  })
  .openapi('PasswordChange')

export const newInvitation = z
  .strictObject({ email: email.optional(), organisation: name.optional(), expires: expires.default('7d') })
  .openapi('NewInvitation')

export const newOrganisation = z
  .strictObject({
    name,
    owner: name.optional().openapi({ description: 'Who owns it; else who asks' }),
  })
  .openapi('NewOrganisation')

export const memberRole = z.strictObject({ role: z.enum(['owner', 'member']) }).openapi('MemberRole')
export const newName = z.strictObject({ name }).openapi('NewName')
export const robotChange = z.strictObject({ disabled: z.boolean() }).openapi('RobotChange')

export const tokenScopes = z
  .array(z.string().max(400))
  .default([])
  .transform((texts) => parseTokenScopes(texts))
  .openapi({ type: 'array', items: { type: 'string' }, example: ['alice/app:pull,push'] })

export const newAccessToken = z
  .strictObject({
    name: text(100).min(1),
    scopes: tokenScopes.openapi({
      description: 'Repositories, or patterns of them, and verbs; none: all that its owner may',
    }),
    expires: expires.default('90d'),
    addresses: z
      .array(z.string().max(64))
      .default([])
      .openapi({
        description: 'Addresses and ranges that it may be used from; none: from everywhere',
        example: ['192.0.2.0/24'],
      }),
  })
  .openapi('NewAccessToken')

const visibility = z.enum(['public', 'private'])
export const visibilityChange = z.strictObject({ visibility }).openapi('VisibilityChange')

export const namespaceChange = z
  .strictObject({
    defaultVisibility: visibility.optional(),
    owner: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.enum(['user', 'organisation']), name }),
        z.strictObject({ kind: z.literal('administrators') }),
      ])
      .optional()
      .openapi({ description: 'Only administrators change it' }),
  })
  .openapi('NamespaceChange')

export const roleChange = z
  .strictObject({ role: z.enum(['read', 'write', 'maintain', 'admin']) })
  .openapi('RoleChange')

export const explainQuery = z.object({
  who: z.string().max(200).transform(parseWhom).openapi({
    description: 'A user, a robot with its organisation, or anonymous',
    example: 'alice',
  }),
  action: z
    .string()
    .transform(parseExplainable)
    .openapi({ type: 'string', enum: Object.keys(explainable), example: 'push' }),
})

/** What a decision is about: the account, organisation or namespace in the path. @throws NAME_INVALID */
export function named(kind: NamedResource['kind']): (context: ManagementContext) => NamedResource {
  return (context) => ({ kind, name: parseAccountName(context.req.param(kind) ?? '') })
}

/** The account of who calls. */
export function himself(context: ManagementContext): NamedResource {
  return { kind: 'user', name: context.env.exchange.identity.name }
}
