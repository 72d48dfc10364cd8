import { createRoute } from '@hono/zod-openapi'
import { listDeliveries, redeliver } from '../../notifications/deliveries.ts'
import {
  changeWebhook,
  createWebhook,
  listWebhooks,
  removeWebhook,
  showWebhook,
  testWebhook,
} from '../../notifications/webhooks.ts'
import { answers, takes } from './answers.ts'
import { asks, type ManagementApp, webhookAdministrationOf } from './environment.ts'
import { nothing } from './parameters.ts'
import {
  changedWebhook,
  createdWebhook,
  deliveries,
  queuedDelivery,
  removedWebhook,
  testedWebhook,
  webhook,
  webhooks,
} from './webhook-answers.ts'
import {
  deliveryPath,
  deliveryQuery,
  newWebhook,
  notifiedOn,
  notifies,
  onOf,
  webhookChange,
  webhookListQuery,
  webhookOnQuery,
  webhookPath,
} from './webhook-parameters.ts'

const list = createRoute({
  ...asks(
    'listWebhooks',
    async (c) => (c.req.query('anywhere') === 'true' ? 'server:administer' : notifies(c)),
    notifiedOn,
  ),
  summary: 'List the webhooks of the registry, a namespace or a repository, or all',
  method: 'get',
  path: '/webhooks',
  request: { query: webhookListQuery },
  responses: answers(webhooks, 'A page of webhooks'),
})

const create = createRoute({
  ...asks('createWebhook', notifies, notifiedOn),
  summary: 'Make a webhook: another system that is told of what happens',
  method: 'post',
  path: '/webhooks',
  request: { query: webhookOnQuery, body: takes(newWebhook) },
  responses: answers(createdWebhook, 'It is there; its secret is shown this once'),
})

const show = createRoute({
  ...asks('showWebhook', notifies, notifiedOn),
  summary: 'Show a webhook',
  method: 'get',
  path: '/webhooks/{webhook}',
  request: { params: webhookPath, query: webhookOnQuery },
  responses: answers(webhook, 'The webhook, without its secret'),
})

const change = createRoute({
  ...asks('changeWebhook', notifies, notifiedOn),
  summary: 'Change a webhook, give it another secret, disable or enable it',
  method: 'put',
  path: '/webhooks/{webhook}',
  request: { params: webhookPath, query: webhookOnQuery, body: takes(webhookChange) },
  responses: answers(changedWebhook, 'The webhook as it is now'),
})

const remove = createRoute({
  ...asks('removeWebhook', notifies, notifiedOn),
  summary: 'Remove a webhook with everything that is on its way to it',
  method: 'delete',
  path: '/webhooks/{webhook}',
  request: { params: webhookPath, query: webhookOnQuery },
  responses: answers(removedWebhook, 'It is gone'),
})

const test = createRoute({
  ...asks('testWebhook', notifies, notifiedOn),
  summary: 'Send a webhook an event that never was, now',
  method: 'post',
  path: '/webhooks/{webhook}/test',
  request: { params: webhookPath, query: webhookOnQuery, body: takes(nothing) },
  responses: answers(testedWebhook, 'How that went'),
})

const history = createRoute({
  ...asks('listDeliveries', notifies, notifiedOn),
  summary: 'List what a webhook was told, and what waits for it, the latest first',
  method: 'get',
  path: '/webhooks/{webhook}/deliveries',
  request: { params: webhookPath, query: deliveryQuery },
  responses: answers(deliveries, 'A page of deliveries'),
})

const again = createRoute({
  ...asks('redeliver', notifies, notifiedOn),
  summary: 'Tell a webhook once more',
  method: 'post',
  path: '/webhooks/{webhook}/deliveries/{id}/redeliver',
  request: { params: deliveryPath, query: webhookOnQuery, body: takes(nothing) },
  responses: answers(queuedDelivery, 'It waits to be sent'),
})

export function webhookRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const { after, limit, anywhere } = c.req.valid('query')
    const on = anywhere === 'true' ? 'anywhere' : onOf(c)
    return c.json(await listWebhooks(webhookAdministrationOf(c), { on, after, limit }), 200)
  })
  app.openapi(create, async (c) => {
    const wanted = { ...c.req.valid('json'), on: onOf(c) }
    return c.json(await createWebhook(webhookAdministrationOf(c), wanted), 200)
  })
  app.openapi(show, async (c) => {
    const address = { on: onOf(c), name: c.req.valid('param').webhook }
    return c.json(await showWebhook(webhookAdministrationOf(c), address), 200)
  })
  app.openapi(change, async (c) => {
    const wanted = { ...c.req.valid('json'), on: onOf(c), name: c.req.valid('param').webhook }
    return c.json(await changeWebhook(webhookAdministrationOf(c), wanted), 200)
  })
  app.openapi(remove, async (c) => {
    const address = { on: onOf(c), name: c.req.valid('param').webhook }
    return c.json(await removeWebhook(webhookAdministrationOf(c), address), 200)
  })
  app.openapi(test, async (c) => {
    const address = { on: onOf(c), name: c.req.valid('param').webhook }
    return c.json(await testWebhook(webhookAdministrationOf(c), address), 200)
  })
  app.openapi(history, async (c) => {
    const { state, after, limit } = c.req.valid('query')
    const page = { on: onOf(c), name: c.req.valid('param').webhook, state, after, limit }
    return c.json(await listDeliveries(webhookAdministrationOf(c), page), 200)
  })
  app.openapi(again, async (c) => {
    const { webhook: name, id } = c.req.valid('param')
    return c.json(await redeliver(webhookAdministrationOf(c), { on: onOf(c), name, id }), 200)
  })
}
