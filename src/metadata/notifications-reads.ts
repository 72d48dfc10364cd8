import type { Reader } from './engine.ts'
import type { DeliveryState, WebhookPlace } from './notifications-schema.ts'
import type { NotificationsStore } from './notifications-store.ts'
import { statement } from './statement.ts'

/** Webhooks and what is on its way to them: the same queries on every engine. */
export function notificationsReads(engine: Reader): NotificationsStore {
  return {
    findWebhook: (by) => engine.first(webhookByName, by),
    listWebhooks({ place, after, limit }) {
      return place === undefined
        ? engine.all(webhookPage, { ...after, limit })
        : engine.all(webhookPageAt, { place, name: after.name, limit })
    },
    async listDueWebhooks(by) {
      // Most looks find that nothing waits, and need look no further.
      if (!(await engine.first(anyDue, {}))) return []
      return (await engine.all(dueWebhooks, by)).map(({ id }) => id)
    },
    async pullsAreWanted() {
      return (await engine.first(anyForPulls, {})) !== undefined
    },
    async listDeliveries({ webhook, state, after, limit }) {
      const page = { webhook, after: after === '' ? last : after, limit }
      if (state !== undefined) return engine.all(deliveryPage, { ...page, state })
      const found = await Promise.all(
        states.map((each) => engine.all(deliveryPage, { ...page, state: each })),
      )
      return found
        .flat()
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
    },
    async nextWithDeliveries(after) {
      return (await engine.first(nextQueued, { after }))?.webhook
    },
    async sumWaiting(by) {
      const count = (await engine.first(waitingCount, by))?.count ?? 0
      if (count === 0) return { count, oldestAge: undefined }
      return { count, oldestAge: (await engine.first(oldestAge, {}))?.age ?? undefined }
    },
  }
}

/** Behind every id. */
const last = '~'
const states: readonly DeliveryState[] = ['waiting', 'delivered', 'failed']

const webhookByName = statement<{ place: WebhookPlace; name: string }>()(({ db, arg }) =>
  db.selectFrom('webhooks').selectAll().where('place', '=', arg('place')).where('name', '=', arg('name')),
)

const webhookPageAt = statement<{ place: WebhookPlace; name: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('webhooks')
    .selectAll()
    .where('place', '=', arg('place'))
    .where('name', '>', arg('name'))
    .orderBy('name')
    .limit(arg('limit')),
)

const webhookPage = statement<{ place: string; name: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('webhooks')
    .selectAll()
    .where((eb) => eb(eb.refTuple('place', 'name'), '>', eb.tuple(arg('place') as WebhookPlace, arg('name'))))
    .orderBy('place')
    .orderBy('name')
    .limit(arg('limit')),
)

const nextQueued = statement<{ after: string }>()(({ db, arg }) =>
  db
    .selectFrom('deliveries')
    .select('webhook')
    .where('webhook', '>', arg('after'))
    .orderBy('webhook')
    .limit(1),
)

const anyDue = statement<object>()(({ db, now }) =>
  db.selectFrom('deliveries').select('id').where('state', '=', 'waiting').where('due_at', '<=', now).limit(1),
)

const dueWebhooks = statement<{ limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('webhooks')
    .select('id')
    .where('enabled', '=', 1)
    .where((eb) => eb.or([eb('retry_at', 'is', null), eb('retry_at', '<=', now)]))
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('deliveries')
          .select('deliveries.id')
          .whereRef('deliveries.webhook', '=', 'webhooks.id')
          .where('deliveries.state', '=', 'waiting')
          .where('deliveries.due_at', '<=', now),
      ),
    )
    .limit(arg('limit')),
)

const anyForPulls = statement<object>()(({ db }) =>
  db.selectFrom('webhooks').select('id').where('pulls', '=', 1).where('enabled', '=', 1).limit(1),
)

interface DeliveriesBehind {
  webhook: string
  after: string
  limit: number
}

const deliveryPage = statement<DeliveriesBehind & { state: DeliveryState }>()(({ db, arg }) =>
  db
    .selectFrom('deliveries')
    .selectAll()
    .where('webhook', '=', arg('webhook'))
    .where('state', '=', arg('state'))
    .where('id', '<', arg('after'))
    .orderBy('id', 'desc')
    .limit(arg('limit')),
)

const waitingCount = statement<{ most: number }>()(({ db, arg }) =>
  db
    .selectFrom((eb) =>
      eb.selectFrom('deliveries').select('id').where('state', '=', 'waiting').limit(arg('most')).as('some'),
    )
    .select(({ fn }) => fn.countAll<number>().as('count')),
)

const oldestAge = statement<object>()(({ db, now }) =>
  db
    .selectFrom((eb) =>
      eb
        .selectFrom('webhooks')
        .select((each) =>
          each
            .selectFrom('deliveries')
            .select('created_at')
            .whereRef('deliveries.webhook', '=', 'webhooks.id')
            .where('deliveries.state', '=', 'waiting')
            .orderBy('deliveries.id')
            .limit(1)
            .as('oldest'),
        )
        .as('each'),
    )
    .select((eb) => eb(now, '-', eb.fn.min<number>('oldest')).as('age')),
)
