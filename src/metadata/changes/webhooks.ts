import { RegistryError } from '../../oci/errors.ts'
import type { Transaction } from '../engine.ts'
import type { NotifiedAction, WebhookRow } from '../notifications-schema.ts'
import { statement } from '../statement.ts'

export type NewWebhook = Omit<
  WebhookRow,
  | 'pulls'
  | 'old_secret'
  | 'old_secret_until'
  | 'paused_why'
  | 'created_at'
  | 'failures'
  | 'failing_since'
  | 'retry_at'
>

/** @throws NAME_TAKEN */
export async function createWebhook(tx: Transaction, webhook: NewWebhook): Promise<void> {
  if ((await tx.run(insertWebhook, { ...webhook, pulls: hearsPulls(webhook) })) > 0) return
  throw new RegistryError('NAME_TAKEN', `there is a webhook ${webhook.name} already`, {
    detail: { name: webhook.name },
  })
}

/** What is not given stays as it is. */
export interface WebhookChange extends Partial<Pick<WebhookRow, Changeable>> {
  id: string
  /** The one before signs beside it for `overlap` milliseconds. */
  secret?: string
  overlap?: number
}

type Changeable = 'url' | 'actions' | 'repositories' | 'blobs' | 'media_type' | 'headers' | 'enabled'

/**
 * Enabled again or sent elsewhere, it begins anew: what failed so far is forgotten. Disabled, it gives up what waits, so
 * that nothing is told that is long over. @returns false when there is none
 */
export async function setWebhook(tx: Transaction, change: WebhookChange): Promise<boolean> {
  const { id, secret, overlap = 0, ...given } = change
  const before = await tx.first(lockWebhook, { id })
  if (!before) return false
  const after = { ...before, ...given, id }
  await tx.run(updateWebhook, { ...after, pulls: hearsPulls(after) })
  if (secret !== undefined) await tx.run(updateSecret, { id, secret, overlap })
  if (given.enabled === 1 || given.url !== undefined) await tx.run(forgetFailures, { id })
  if (given.enabled === 0) await tx.run(failWaiting, { id, why: 'the webhook was disabled' })
  return true
}

/** With all that was on its way to it. @returns false when there was none */
export async function deleteWebhook(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  await tx.run(deleteDeliveries, { id })
  return (await tx.run(deleteRow, { id })) > 0
}

/** The registry itself disables it, and says why. @returns false where it was disabled already */
export async function pauseWebhook(
  tx: Transaction,
  { id, why }: { id: string; why: string },
): Promise<boolean> {
  if ((await tx.run(pause, { id, why })) === 0) return false
  await tx.run(failWaiting, { id, why: `the webhook was paused: ${why}` })
  return true
}

function hearsPulls({ actions }: Pick<WebhookRow, 'actions'>): number {
  return Number((JSON.parse(actions) as NotifiedAction[]).includes('pull'))
}

const insertWebhook = statement<NewWebhook & { pulls: number }>()(({ db, arg, now }) =>
  db
    .insertInto('webhooks')
    .values({
      id: arg('id'),
      place: arg('place'),
      name: arg('name'),
      url: arg('url'),
      secret: arg('secret'),
      actions: arg('actions'),
      pulls: arg('pulls'),
      repositories: arg('repositories'),
      blobs: arg('blobs'),
      media_type: arg('media_type'),
      headers: arg('headers'),
      enabled: arg('enabled'),
      created_by: arg('created_by'),
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['place', 'name']).doNothing()),
)

const lockWebhook = statement<{ id: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('webhooks')
    .select(['url', 'actions', 'repositories', 'blobs', 'media_type', 'headers', 'enabled'])
    .where('id', '=', arg('id'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const updateWebhook = statement<Pick<WebhookRow, Changeable | 'id' | 'pulls'>>()(({ db, arg }) =>
  db
    .updateTable('webhooks')
    .set({
      url: arg('url'),
      actions: arg('actions'),
      pulls: arg('pulls'),
      repositories: arg('repositories'),
      blobs: arg('blobs'),
      media_type: arg('media_type'),
      headers: arg('headers'),
      enabled: arg('enabled'),
    })
    .where('id', '=', arg('id')),
)

const updateSecret = statement<{ id: string; secret: string; overlap: number }>()(({ db, arg, now }) =>
  db
    .updateTable('webhooks')
    .set((eb) => ({
      old_secret: eb.ref('secret'),
      old_secret_until: eb(now, '+', arg('overlap')),
      secret: arg('secret'),
    }))
    .where('id', '=', arg('id')),
)

const forgetFailures = statement<{ id: string }>()(({ db, arg }) =>
  db
    .updateTable('webhooks')
    .set({ paused_why: null, failures: null, failing_since: null, retry_at: null })
    .where('id', '=', arg('id')),
)

const pause = statement<{ id: string; why: string }>()(({ db, arg }) =>
  db
    .updateTable('webhooks')
    .set({ enabled: 0, paused_why: arg('why') })
    .where('id', '=', arg('id'))
    .where('enabled', '=', 1),
)

const failWaiting = statement<{ id: string; why: string }>()(({ db, arg, now }) =>
  db
    .updateTable('deliveries')
    .set({ state: 'failed', due_at: now, claim: null, problem: arg('why') })
    .where('webhook', '=', arg('id'))
    .where('state', '=', 'waiting'),
)

const deleteDeliveries = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('deliveries').where('webhook', '=', arg('id')),
)

const deleteRow = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('webhooks').where('id', '=', arg('id')),
)
