import type {
  DeliveryState,
  EnvelopeVersion,
  EventTarget,
  NotifiedAction,
  StoredDelivery,
  StoredWebhook,
  WebhookPlace,
} from '../metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'

/** Whose events a webhook hears of. */
export type WebhookOn =
  | { readonly kind: 'registry' }
  | { readonly kind: 'namespace'; readonly name: string }
  | { readonly kind: 'repository'; readonly name: RepositoryName }

export function placeOf(on: WebhookOn): WebhookPlace {
  return on.kind === 'registry' ? '' : `${on.kind}:${on.name}`
}

/** Without its secrets. Times are ISO 8601. */
export interface WebhookSummary {
  readonly name: string
  readonly on: { readonly kind: WebhookOn['kind']; readonly name: string | null }
  /** Without the password and the query that it may have: they may be secrets. */
  readonly url: string
  readonly actions: readonly NotifiedAction[]
  readonly repositories: string
  readonly blobs: boolean
  readonly mediaType: EnvelopeVersion
  /** The names of its own headers. */
  readonly headers: readonly string[]
  readonly enabled: boolean
  /** Why the registry itself disabled it; null: it did not. */
  readonly paused: string | null
  /** Since when every request failed; null: the last one did not. */
  readonly failingSince: string | null
  /** Until when the secret that was replaced signs, too; null: none does. */
  readonly oldSecretUntil: string | null
  readonly createdBy: string
  readonly createdAt: string
}

export function webhookSummary(webhook: StoredWebhook, now: number): WebhookSummary {
  const { name, url, repositories, old_secret_until: until, failing_since: since } = webhook
  return {
    name,
    on: onOf(webhook.place),
    url: shownUrl(url),
    actions: JSON.parse(webhook.actions),
    repositories,
    blobs: webhook.blobs === 1,
    mediaType: webhook.media_type,
    headers: Object.keys(JSON.parse(webhook.headers)),
    enabled: webhook.enabled === 1,
    paused: webhook.paused_why,
    failingSince: since === null ? null : isoTime(since),
    oldSecretUntil: until !== null && until > now ? isoTime(until) : null,
    createdBy: webhook.created_by,
    createdAt: isoTime(webhook.created_at),
  }
}

function onOf(place: WebhookPlace): WebhookSummary['on'] {
  if (place === '') return { kind: 'registry', name: null }
  const colon = place.indexOf(':')
  return { kind: place.slice(0, colon) as 'namespace' | 'repository', name: place.slice(colon + 1) }
}

export function shownUrl(text: string): string {
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    url.username = '…'
    url.password = ''
  }
  const shown = url.search === '' ? url.href : url.href.replace(url.search, '?…')
  return shown.replace('//%E2%80%A6@', '//…@')
}

export interface DeliverySummary {
  readonly id: string
  /** What the receiver tells events apart by. */
  readonly event: string
  readonly action: NotifiedAction
  readonly repository: string
  readonly tag: string | null
  readonly digest: string | null
  readonly state: DeliveryState
  readonly attempts: number
  readonly createdAt: string
  /** When the next attempt is due; null: there is none. */
  readonly nextAt: string | null
  /** When it was told, or given up; null: neither yet. */
  readonly endedAt: string | null
  /** Of the last attempt: the answer's status, what went wrong, and the milliseconds that it took. */
  readonly status: number | null
  readonly problem: string | null
  readonly duration: number | null
}

export function deliverySummary(delivery: StoredDelivery): DeliverySummary {
  const { id, event, action, repository, state, attempts, status, problem, duration } = delivery
  const { tag = null, digest = null } = JSON.parse(delivery.target) as EventTarget
  const at = isoTime(delivery.due_at)
  return {
    id,
    event,
    action,
    repository,
    tag,
    digest,
    state,
    attempts,
    createdAt: isoTime(delivery.created_at),
    nextAt: state === 'waiting' ? at : null,
    endedAt: state === 'waiting' ? null : at,
    status,
    problem,
    duration,
  }
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
