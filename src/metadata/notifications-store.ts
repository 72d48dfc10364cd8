import type { DeliveryRow, DeliveryState, WebhookPlace, WebhookRow } from './notifications-schema.ts'

export type {
  DeliveryState,
  EnvelopeVersion,
  EventOrigin,
  EventTarget,
  NotifiedAction,
  WebhookPlace,
} from './notifications-schema.ts'

/** Who is told of what happens, and what is on its way. Rows are as they are stored: who shows them leaves secrets out. */
export interface NotificationsStore extends FindsWebhooks, FindsDeliveries {}

export type StoredWebhook = Readonly<WebhookRow>
export type StoredDelivery = Readonly<DeliveryRow>

export interface FindsWebhooks {
  findWebhook(by: { place: WebhookPlace; name: string }): Promise<StoredWebhook | undefined>
  /** Of one place by name, or of all by place and name. */
  listWebhooks(page: WebhookPage): Promise<StoredWebhook[]>
  /** Those with something to be sent now. */
  listDueWebhooks(by: { limit: number }): Promise<string[]>
  /** Whether any wants to hear of pulls. */
  pullsAreWanted(): Promise<boolean>
}

export interface WebhookPage {
  /** Undefined: of all. */
  readonly place: WebhookPlace | undefined
  readonly after: { readonly place: string; readonly name: string }
  readonly limit: number
}

export interface FindsDeliveries {
  /** The latest first, behind `after`. */
  listDeliveries(page: DeliveryPage): Promise<StoredDelivery[]>
  /** The next id, behind `after`, of a webhook that has any, be the webhook itself there or not. */
  nextWithDeliveries(after: string): Promise<string | undefined>
  /** How much of it waits, counted up to a bound, and since when. */
  sumWaiting(by: {
    most: number
  }): Promise<{ readonly count: number; readonly oldestAge: number | undefined }>
}

export interface DeliveryPage {
  readonly webhook: string
  /** Undefined: in any. */
  readonly state: DeliveryState | undefined
  /** The id of the last one on the page before; empty: the first page. */
  readonly after: string
  readonly limit: number
}
