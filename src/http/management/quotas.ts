import { createRoute, z } from '@hono/zod-openapi'
import { listQuotas, setQuota, showQuota } from '../../registry/quotas.ts'
import { named, namespacePath } from './account-parameters.ts'
import { answers, count, listOf, next, takes } from './answers.ts'
import { asks, callerOf, type ManagementApp } from './environment.ts'
import { pageQuery } from './parameters.ts'

const limited = z.object({
  used: count,
  limit: count.nullable().openapi({ description: 'Null: there is none' }),
  set: z
    .boolean()
    .openapi({ description: 'Whether it was set for this namespace; else the settings say it' }),
})

const quota = z
  .object({
    namespace: z.string(),
    bytes: limited
      .extend({
        reserved: count.openapi({ description: 'What open uploads have reserved' }),
        trash: count.openapi({ description: 'The part of what is used that only the trash holds' }),
      })
      .openapi({ description: 'Each digest counts once in a namespace, manifests and trash too' }),
    repositories: limited.openapi({ description: 'Those that hold a manifest' }),
  })
  .openapi('Quota')

const quotas = z.object({ quotas: listOf(quota), next }).openapi('Quotas')

/** As far as SQLite's and PostgreSQL's numbers, and JSON's, are exact. */
const limit = z
  .union([z.number().int().min(0).max(Number.MAX_SAFE_INTEGER), z.enum(['unlimited', 'default'])])
  .optional()

const change = z
  .strictObject({ bytes: limit, repositories: limit })
  .refine(({ bytes, repositories }) => bytes !== undefined || repositories !== undefined, 'sets no limit')
  .openapi('QuotaChange')

const list = createRoute({
  ...asks('listQuotas', 'server:administer'),
  summary: 'List what namespaces hold and may hold',
  method: 'get',
  path: '/quotas',
  request: { query: pageQuery },
  responses: answers(quotas, 'A page of namespaces'),
})

const show = createRoute({
  ...asks('showQuota', 'namespace:measure', named('namespace')),
  summary: 'Show what a namespace holds and may hold',
  method: 'get',
  path: '/namespaces/{namespace}/quota',
  request: { params: namespacePath },
  responses: answers(quota, 'Its quota'),
})

const set = createRoute({
  ...asks('setQuota', 'server:administer'),
  summary: 'Set what a namespace may hold',
  description: 'Below what it holds already, too: then nothing new fits until something is deleted.',
  method: 'put',
  path: '/namespaces/{namespace}/quota',
  request: { params: namespacePath, body: takes(change) },
  responses: answers(quota, 'Its quota as it is now'),
})

export function quotaRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => c.json(await listQuotas(callerOf(c).registry, c.req.valid('query')), 200))
  app.openapi(show, async (c) => c.json(await showQuota(callerOf(c).registry, c.req.valid('param')), 200))
  app.openapi(set, async (c) => {
    const wanted = { ...c.req.valid('param'), ...c.req.valid('json') }
    return c.json(await setQuota(callerOf(c).registry, wanted), 200)
  })
}
