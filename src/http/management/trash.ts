import { createRoute } from '@hono/zod-openapi'
import { emptyAllTrash, emptyTrash, listTrash, restoreTrash } from '../../registry/trash.ts'
import { authorize } from '../exchange.ts'
import { answers, emptied, restored, takes, trashItems } from './answers.ts'
import { asks, callerOf, inQuery, type ManagementApp, ofTrash } from './environment.ts'
import { pageQuery, repositoryQuery, trashPath, trashRestoration } from './parameters.ts'

const list = createRoute({
  ...asks('listTrash', 'trash:list', inQuery),
  summary: 'List the deletions that can be taken back, the oldest first',
  method: 'get',
  path: '/trash',
  request: { query: pageQuery.extend(repositoryQuery.shape) },
  responses: answers(trashItems, 'A page of deletions'),
})

const emptyAll = createRoute({
  ...asks('emptyAllTrash', 'trash:empty', inQuery),
  summary: 'Forget all deletions for good, of one repository or of all',
  method: 'delete',
  path: '/trash',
  request: { query: repositoryQuery },
  responses: answers(emptied, 'How many'),
})

const empty = createRoute({
  ...asks('emptyTrash', 'trash:empty', ofTrash),
  summary: 'Forget one deletion for good',
  method: 'delete',
  path: '/trash/{id}',
  request: { params: trashPath },
  responses: answers(emptied, 'It is forgotten'),
})

const restore = createRoute({
  ...asks('restoreTrash', 'repository:push', ofTrash),
  summary: 'Take a deletion back',
  description: 'Where it was, or to another repository, or a tag or manifest under another tag.',
  method: 'post',
  path: '/trash/{id}/restore',
  request: { params: trashPath, body: takes(trashRestoration) },
  responses: answers(restored, 'What came back'),
})

export function trashRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const { registry } = callerOf(c)
    const { repository, ...page } = c.req.valid('query')
    return c.json(await listTrash(registry, { ...page, repository }), 200)
  })
  app.openapi(emptyAll, async (c) => {
    const { registry } = callerOf(c)
    return c.json(await emptyAllTrash(registry, { repository: c.req.valid('query').repository }), 200)
  })
  app.openapi(empty, async (c) => {
    const { registry } = callerOf(c)
    return c.json(await emptyTrash(registry, c.req.valid('param')), 200)
  })
  app.openapi(restore, async (c) => {
    const { registry, caller } = callerOf(c)
    const { repository, tag } = c.req.valid('json')
    if (repository) await authorize(c.env.exchange, 'repository:push', repository)
    return c.json(await restoreTrash(registry, { ...c.req.valid('param'), repository, tag, caller }), 200)
  })
}
