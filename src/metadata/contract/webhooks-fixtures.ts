import type { NewWebhook } from '../changes/webhooks.ts'
import type { EventTarget, MetadataStore, NotifiedAction } from '../metadata-store.ts'

/** A webhook of the whole registry that hears of pushes and deletions, unless told otherwise. */
export function webhook(name: string, changed: Partial<NewWebhook> = {}): NewWebhook {
  return {
    id: `id-${name}`,
    place: '',
    name,
    url: `https://${name}.example/hook`,
    secret: `secret of ${name}`,
    actions: '["push","delete"]',
    repositories: '**',
    blobs: 0,
    media_type: 'v2',
    headers: '{}',
    enabled: 1,
    created_by: 'tester',
    ...changed,
  }
}

export interface Told {
  readonly action: NotifiedAction
  readonly repository: string
  readonly target: EventTarget
}

/** What waits for the webhook, the oldest first. */
export async function toldTo(store: MetadataStore, name: string): Promise<Told[]> {
  const waiting = await store.listDeliveries({
    webhook: `id-${name}`,
    state: 'waiting',
    after: '',
    limit: 1000,
  })
  return waiting
    .reverse()
    .map(({ action, repository, target }) => ({ action, repository, target: JSON.parse(target) }))
}
