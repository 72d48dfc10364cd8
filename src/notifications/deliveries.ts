import { nextOf } from '../access/administration.ts'
import type { DeliveryState } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { type DeliverySummary, deliverySummary } from './webhook-summary.ts'
import { requireWebhook, type WebhookAddress, type WebhookAdministration } from './webhooks.ts'

/** The latest first. @param page.after the id of the last one on the page before. @throws WEBHOOK_UNKNOWN */
export async function listDeliveries(
  administration: WebhookAdministration,
  {
    state,
    after,
    limit,
    ...address
  }: WebhookAddress & { state: DeliveryState | undefined; after: string; limit: number },
): Promise<{ deliveries: DeliverySummary[]; next: string | null }> {
  const { id: webhook } = await requireWebhook(administration, address)
  const found = await administration.metadata.listDeliveries({ webhook, state, after, limit })
  return {
    deliveries: found.map(deliverySummary),
    next: nextOf(
      found.map(({ id }) => id),
      limit,
    ),
  }
}

/** Tells the webhook once more, as if for the first time, under the same event. @throws WEBHOOK_UNKNOWN, DELIVERY_UNKNOWN */
export async function redeliver(
  administration: WebhookAdministration,
  { id, ...address }: WebhookAddress & { id: string },
): Promise<{ queued: string }> {
  const { id: webhook, enabled } = await requireWebhook(administration, address)
  if (enabled === 0)
    throw new RegistryError('PARAMETER_INVALID', `the webhook ${address.name} is disabled: enable it first`)
  if (!(await administration.metadata.change('redeliver', { id, webhook })))
    throw new RegistryError(
      'DELIVERY_UNKNOWN',
      `there is no delivery ${id} of this webhook: it was never there, or is so old that it was forgotten`,
      { detail: { id } },
    )
  return { queued: id }
}
