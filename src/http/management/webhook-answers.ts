import { z } from '@hono/zod-openapi'
import { envelopeVersions, notifiedActions } from '../../notifications/webhook-values.ts'
import { count, listOf, next, time } from './answers.ts'

/** What answers about webhooks carry: the same as what the use cases return. */

const word = z.string()

export const webhook = z
  .object({
    name: word,
    on: z.object({ kind: z.enum(['registry', 'namespace', 'repository']), name: word.nullable() }),
    url: word.openapi({ description: 'Without its password and its query' }),
    actions: listOf(z.enum(notifiedActions)),
    repositories: word,
    blobs: z.boolean(),
    mediaType: z.enum(envelopeVersions),
    headers: listOf(word).openapi({ description: 'The names of its own headers' }),
    enabled: z.boolean(),
    paused: word.nullable().openapi({ description: 'Why the registry itself disabled it' }),
    failingSince: time.nullable(),
    oldSecretUntil: time.nullable().openapi({ description: 'Until when a replaced secret signs, too' }),
    createdBy: word,
    createdAt: time,
  })
  .openapi('Webhook')

export const webhooks = z.object({ webhooks: listOf(webhook), next }).openapi('Webhooks')

export const createdWebhook = webhook
  .extend({ secret: word.openapi({ description: 'Shown this once' }) })
  .openapi('CreatedWebhook')

export const changedWebhook = webhook
  .extend({ secret: word.nullable().openapi({ description: 'Where it is new; shown this once' }) })
  .openapi('ChangedWebhook')

export const removedWebhook = z.object({ removed: word }).openapi('RemovedWebhook')

export const testedWebhook = z
  .object({
    delivered: z.boolean(),
    status: count.nullable(),
    problem: word.nullable(),
    duration: count.openapi({ description: 'Milliseconds' }),
    event: word,
  })
  .openapi('TestedWebhook')

const delivery = z
  .object({
    id: word,
    event: word.openapi({ description: 'What the receiver tells events apart by' }),
    action: z.enum(notifiedActions),
    repository: word,
    tag: word.nullable(),
    digest: word.nullable(),
    state: z.enum(['waiting', 'delivered', 'failed']),
    attempts: count,
    createdAt: time,
    nextAt: time.nullable().openapi({ description: 'When the next attempt is due' }),
    endedAt: time.nullable(),
    status: count.nullable().openapi({ description: 'Of the answer to the last attempt' }),
    problem: word.nullable(),
    duration: count.nullable().openapi({ description: 'Milliseconds of the last attempt' }),
  })
  .openapi('Delivery')

export const deliveries = z.object({ deliveries: listOf(delivery), next }).openapi('Deliveries')
export const queuedDelivery = z.object({ queued: word }).openapi('QueuedDelivery')
