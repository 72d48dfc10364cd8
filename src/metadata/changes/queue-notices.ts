import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import type { EventOrigin, EventTarget, NotifiedAction, WebhookPlace } from '../notifications-schema.ts'
import { places, statement } from '../statement.ts'
import type { Attribution } from './attribution.ts'
import { orderedId } from './ordered-id.ts'

/** One event as webhooks are told of it. */
export interface Notice {
  readonly action: NotifiedAction
  readonly target: EventTarget
}

/** A webhook, as far as it must be known to see whether an event is for it. */
export interface Listening {
  readonly id: string
  readonly actions: string
  readonly repositories: string
  readonly blobs: number
  /** When they were looked up. */
  readonly at: number
}

/** Enabled webhooks that may hear of a repository. */
export function listeningAt(tx: Transaction, repository: RepositoryName): Promise<Listening[]> {
  return tx.all(webhooksAt, { places: placesOf(repository) })
}

/** Where webhooks may be that hear of a repository. */
function placesOf(repository: RepositoryName): readonly WebhookPlace[] {
  const slash = repository.indexOf('/')
  // A name of one part belongs to no namespace: the second place is one that no webhook has.
  return ['', `namespace:${slash < 0 ? '' : repository.slice(0, slash)}`, `repository:${repository}`]
}

export interface Queued {
  readonly notices: readonly Notice[]
  readonly repository: RepositoryName
  readonly origin: EventOrigin
  readonly listening: readonly Listening[]
}

export async function queueNotices(tx: Transaction, queued: Queued): Promise<void> {
  const { notices, repository, origin, listening } = queued
  for (const { action, target } of notices) {
    const event = Bun.randomUUIDv7()
    for (const webhook of listening) {
      if (!wants(webhook, { action, target, repository })) continue
      await tx.run(insertDelivery, {
        id: orderedId(webhook.at),
        at: webhook.at,
        webhook: webhook.id,
        event,
        repository,
        action,
        target: JSON.stringify(target),
        origin: JSON.stringify(origin),
      })
    }
  }
}

function wants(
  { actions, repositories, blobs }: Listening,
  { action, target, repository }: Notice & { repository: RepositoryName },
): boolean {
  if (target.kind === 'blob' && blobs === 0) return false
  if (!(JSON.parse(actions) as NotifiedAction[]).includes(action)) return false
  return repositories === '**' || new Bun.Glob(repositories).match(repository)
}

export function originOf({ caller, kind, address, request, http }: Attribution): EventOrigin {
  return { caller, kind, address, request, ...(http && { http }) }
}

const webhooksAt = statement<{ places: readonly WebhookPlace[] }>()(({ db, arg, now }) =>
  db
    .selectFrom('webhooks')
    .select(['id', 'actions', 'repositories', 'blobs', now.as('at')])
    .where('place', 'in', places(arg('places'), 3))
    .where('enabled', '=', 1),
)

const insertDelivery = statement<{
  id: string
  at: number
  webhook: string
  event: string
  repository: RepositoryName
  action: NotifiedAction
  target: string
  origin: string
}>()(({ db, arg }) =>
  db.insertInto('deliveries').values({
    id: arg('id'),
    webhook: arg('webhook'),
    event: arg('event'),
    repository: arg('repository'),
    action: arg('action'),
    target: arg('target'),
    origin: arg('origin'),
    created_at: arg('at'),
    queued_at: arg('at'),
    state: 'waiting',
    due_at: arg('at'),
    attempts: 0,
  }),
)
