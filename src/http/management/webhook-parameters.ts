import { z } from '@hono/zod-openapi'
import type { Action, Resource } from '../../access/decide.ts'
import { parseNamespaceName } from '../../access/names.ts'
import type { WebhookOn } from '../../notifications/webhook-summary.ts'
import { envelopeVersions, notifiedActions } from '../../notifications/webhook-values.ts'
import { RegistryError } from '../../oci/errors.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { ManagementContext } from './environment.ts'
import { pageQuery } from './parameters.ts'

/** What requests about webhooks carry. */

/** Where a webhook is: in the whole registry unless one of them is named. */
export const webhookOnQuery = z.object({
  repository: z.string().max(300).optional().openapi({
    description: 'The repository whose events the webhook hears',
    example: 'team/app',
  }),
  namespace: z.string().max(100).optional().openapi({
    description: 'The namespace whose events the webhook hears; with neither those of all',
    example: 'team',
  }),
})

export const webhookListQuery = webhookOnQuery.extend(pageQuery.shape).extend({
  anywhere: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'Whether to list the webhooks of every repository and namespace' }),
})

export const webhookPath = z.object({
  webhook: z
    .string()
    .max(100)
    .openapi({ example: 'ci', param: { name: 'webhook', in: 'path' } }),
})

export const deliveryPath = webhookPath.extend({
  id: z
    .string()
    .regex(/^[\w-]{1,100}$/, 'is no ID')
    .openapi({ param: { name: 'id', in: 'path' } }),
})

export const deliveryQuery = webhookOnQuery.extend(pageQuery.shape).extend({
  state: z.enum(['waiting', 'delivered', 'failed']).optional(),
})

const text = (longest: number) => z.string().max(longest)

const wishes = {
  /** Their rule is the use case's, which says what is wrong with them in words. */
  actions: z.array(text(20)).openapi({
    type: 'array',
    items: { type: 'string', enum: [...notifiedActions] },
    example: ['push', 'delete'],
  }),
  repositories: text(300).openapi({
    description: 'A pattern: of the repositories there, those that it hears of',
    example: 'team/**',
  }),
  blobs: z.boolean().openapi({ description: 'Whether it hears of blobs, too' }),
  mediaType: z.enum(envelopeVersions).openapi({
    description: 'The version in the media type of the envelope: v2 as distribution 3, v1 as those before',
  }),
  headers: z.record(text(100), text(5000)).openapi({ description: 'Of its requests; never shown again' }),
  enabled: z.boolean(),
  secret: text(200).openapi({ description: 'whsec_ and 24 to 64 bytes in base64' }),
}

const optional = <S extends z.ZodType>(schema: S) => schema.optional()

const changeable = {
  actions: optional(wishes.actions),
  repositories: optional(wishes.repositories),
  blobs: optional(wishes.blobs),
  mediaType: optional(wishes.mediaType),
  headers: optional(wishes.headers),
  enabled: optional(wishes.enabled),
  secret: optional(wishes.secret),
}

export const newWebhook = z
  .strictObject({ name: text(100), url: text(2100), ...changeable })
  .openapi('NewWebhook')

/** A week: whoever needs longer to change a secret in two places has forgotten it. Milliseconds. */
const longestOverlap = 7 * 86_400_000
const usualOverlap = 86_400_000

export const webhookChange = z
  .strictObject({
    url: text(2100).optional(),
    ...changeable,
    renewSecret: z.boolean().optional().openapi({ description: 'Whether the registry makes a new secret' }),
    overlap: z.number().int().min(0).max(longestOverlap).default(usualOverlap).openapi({
      description: 'Milliseconds that the secret before signs beside the new one',
    }),
  })
  .openapi('WebhookChange')

/** @throws NAME_INVALID, PARAMETER_INVALID */
export function onOf(context: ManagementContext): WebhookOn {
  const repository = context.req.query('repository')
  const namespace = context.req.query('namespace')
  if (repository !== undefined && namespace !== undefined)
    throw new RegistryError('PARAMETER_INVALID', 'repository and namespace both say where: give one')
  if (repository !== undefined) return { kind: 'repository', name: parseRepositoryName(repository) }
  if (namespace !== undefined) return { kind: 'namespace', name: parseNamespaceName(namespace) }
  return { kind: 'registry' }
}

/** Whoever administers a place says who is told of what happens there. */
export async function notifies(context: ManagementContext): Promise<Action> {
  const { kind } = onOf(context)
  return kind === 'registry' ? 'server:administer' : `${kind}:notify`
}

export function notifiedOn(context: ManagementContext): Resource {
  const on = onOf(context)
  if (on.kind === 'registry') return undefined
  return on.kind === 'repository' ? on.name : { kind: 'namespace', name: on.name }
}
