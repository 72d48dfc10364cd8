import type { RepositoryName } from '../oci/repository-name.ts'

/** The tables of what other systems are told. */
export interface NotificationsSchema {
  webhooks: WebhookRow
  deliveries: DeliveryRow
}

/** What a webhook hears of: everything, or what happens in one namespace or repository. */
export type WebhookPlace = '' | `namespace:${string}` | `repository:${string}`

/** An endpoint that is told of events. Its name is unique in its place. */
export interface WebhookRow {
  id: string
  place: WebhookPlace
  name: string
  url: string
  /** What its requests are signed with: they can't be signed with a hash of it. */
  secret: string
  /** The one before, which signs beside it until then. */
  old_secret: string | null
  old_secret_until: number | null
  /** JSON: a list of `NotifiedAction`. */
  actions: string
  /** 1: pulls are among them, which each server that answers pulls asks for all the time. */
  pulls: number
  /** A glob: of the repositories of its place, those that it is told of. */
  repositories: string
  /** 1: also of blobs. */
  blobs: number
  /** Which version of the envelope's media type it is sent. */
  media_type: EnvelopeVersion
  /** JSON of further headers, which may hold credentials. */
  headers: string
  enabled: number
  /** Why the registry itself disabled it; null: it did not. */
  paused_why: string | null
  created_by: string
  created_at: number
  /** Requests that failed in a row, for a reason that is the endpoint's; null: none. Not journaled, as the next two. */
  failures: number | null
  failing_since: number | null
  /** No request before then. */
  retry_at: number | null
}

export type NotifiedAction = 'push' | 'pull' | 'mount' | 'delete'
export type EnvelopeVersion = 'v1' | 'v2'
export type DeliveryState = 'waiting' | 'delivered' | 'failed'

/** One event that one webhook is told of. */
export interface DeliveryRow {
  /** Later ones sort behind. */
  id: string
  webhook: string
  /** What the receiver tells events apart by: the same for every webhook and every attempt. */
  event: string
  repository: RepositoryName
  action: NotifiedAction
  /** JSON: `EventTarget`. */
  target: string
  /** JSON: `EventOrigin`. */
  origin: string
  created_at: number
  /** When it began to wait: when it was made, or asked for once more. */
  queued_at: number
  state: DeliveryState
  /** When the next attempt is due, or the one under way is given up; of what does not wait any more, when it ended. */
  due_at: number
  /** Who has the attempt that is under way. */
  claim: string | null
  attempts: number
  /** Of the last attempt: the answer's status, what went wrong, and the milliseconds that it took. */
  status: number | null
  problem: string | null
  duration: number | null
}

/** What an event is about. */
export interface EventTarget {
  readonly kind: 'manifest' | 'blob' | 'tag' | 'repository'
  readonly mediaType?: string
  readonly digest?: string
  readonly size?: number
  readonly tag?: string
  /** Where a blob was mounted from. */
  readonly from?: string
}

/** Who did it, with which request. */
export interface EventOrigin {
  readonly caller: string
  readonly kind: string
  readonly address: string | null
  readonly request: string | null
  readonly http?: { readonly method: string; readonly origin: string; readonly userAgent: string }
}
