import type { Page, Paged } from './pages.ts'
import type { Remote } from './remote.ts'

/** Who is told of what happens in a registry. Times are ISO 8601. */
export interface ManagesWebhooks {
  createWebhook(webhook: WebhookAddress & { url: string } & WebhookWishes): Promise<CreatedWebhook>
  /** @param page.on `anywhere`: of every repository and namespace */
  listWebhooks(
    page: Page & { on: WebhookOn | 'anywhere' },
  ): Promise<Paged & { readonly webhooks: readonly Webhook[] }>
  showWebhook(of: WebhookAddress): Promise<Webhook>
  changeWebhook(change: WebhookAddress & WebhookChange): Promise<ChangedWebhook>
  removeWebhook(of: WebhookAddress): Promise<{ readonly removed: string }>
  testWebhook(of: WebhookAddress): Promise<TestedWebhook>
  listDeliveries(
    page: Page & WebhookAddress & { state: DeliveryState | undefined },
  ): Promise<Paged & { readonly deliveries: readonly Delivery[] }>
  redeliver(of: WebhookAddress & { id: string }): Promise<{ readonly queued: string }>
}

export type WebhookOn =
  | { readonly kind: 'registry' }
  | { readonly kind: 'namespace' | 'repository'; readonly name: string }

export interface WebhookAddress {
  readonly on: WebhookOn
  readonly name: string
}

export type NotifiedAction = 'push' | 'pull' | 'mount' | 'delete'
export type DeliveryState = 'waiting' | 'delivered' | 'failed'

export interface WebhookWishes {
  readonly actions?: readonly string[] | undefined
  readonly repositories?: string | undefined
  readonly blobs?: boolean | undefined
  readonly mediaType?: 'v1' | 'v2' | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly enabled?: boolean | undefined
  readonly secret?: string | undefined
}

export interface WebhookChange extends WebhookWishes {
  readonly url?: string | undefined
  readonly renewSecret?: boolean | undefined
  /** Milliseconds that the secret before signs beside the new one. */
  readonly overlap: number
}

export interface Webhook {
  readonly name: string
  readonly on: { readonly kind: WebhookOn['kind']; readonly name: string | null }
  readonly url: string
  readonly actions: readonly NotifiedAction[]
  readonly repositories: string
  readonly blobs: boolean
  readonly mediaType: 'v1' | 'v2'
  /** Their names. */
  readonly headers: readonly string[]
  readonly enabled: boolean
  readonly paused: string | null
  readonly failingSince: string | null
  readonly oldSecretUntil: string | null
  readonly createdBy: string
  readonly createdAt: string
}

export interface CreatedWebhook extends Webhook {
  /** Shown this once. */
  readonly secret: string
}

export interface ChangedWebhook extends Webhook {
  /** Where it is new; shown this once. */
  readonly secret: string | null
}

export interface TestedWebhook {
  readonly delivered: boolean
  readonly status: number | null
  readonly problem: string | null
  /** Milliseconds. */
  readonly duration: number
  readonly event: string
}

export interface Delivery {
  readonly id: string
  readonly event: string
  readonly action: NotifiedAction
  readonly repository: string
  readonly tag: string | null
  readonly digest: string | null
  readonly state: DeliveryState
  readonly attempts: number
  readonly createdAt: string
  readonly nextAt: string | null
  readonly endedAt: string | null
  readonly status: number | null
  readonly problem: string | null
  readonly duration: number | null
}

/** The part of a registry's management API that is about webhooks, seen from a client. */
export function webhookManagement({ request }: Remote): ManagesWebhooks {
  const where = (on: WebhookOn): Record<string, string> =>
    on.kind === 'registry' ? {} : { [on.kind]: on.name }
  const paged = ({ after, limit }: Page) => ({ ...(after ? { after } : {}), limit: String(limit) })
  const all = '/api/v1/webhooks'
  const one = (name: string) => `${all}/${encodeURIComponent(name)}`
  return {
    createWebhook: ({ on, ...webhook }) => request('POST', all, { query: where(on), body: webhook }),
    listWebhooks: ({ on, ...page }) =>
      request('GET', all, {
        query: { ...paged(page), ...(on === 'anywhere' ? { anywhere: 'true' } : where(on)) },
      }),
    showWebhook: ({ on, name }) => request('GET', one(name), { query: where(on) }),
    changeWebhook: ({ on, name, ...change }) => request('PUT', one(name), { query: where(on), body: change }),
    removeWebhook: ({ on, name }) => request('DELETE', one(name), { query: where(on) }),
    testWebhook: ({ on, name }) => request('POST', `${one(name)}/test`, { query: where(on), body: {} }),
    listDeliveries: ({ on, name, state, ...page }) =>
      request('GET', `${one(name)}/deliveries`, {
        query: { ...where(on), ...paged(page), ...(state === undefined ? {} : { state }) },
      }),
    redeliver: ({ on, name, id }) =>
      request('POST', `${one(name)}/deliveries/${encodeURIComponent(id)}/redeliver`, {
        query: where(on),
        body: {},
      }),
  }
}
