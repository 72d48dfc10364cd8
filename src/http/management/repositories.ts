import { createRoute } from '@hono/zod-openapi'
import { visibleTo } from '../../access/listing.ts'
import { deleteManifest } from '../../registry/manifests.ts'
import { deleteRepository, listRepositorySummaries, showRepository } from '../../registry/repositories.ts'
import { answers, deleted, deletedRepository, repositories, repository } from './answers.ts'
import { asks, callerOf, inPath, type ManagementApp } from './environment.ts'
import { manifestPath, pageQuery, purgeQuery, repositoryPath } from './parameters.ts'

const list = createRoute({
  ...asks('listRepositories', 'registry:list'),
  summary: 'List repositories by name',
  method: 'get',
  path: '/repositories',
  request: { query: pageQuery },
  responses: answers(repositories, 'A page of repositories'),
})

const show = createRoute({
  ...asks('showRepository', 'repository:pull', inPath),
  summary: 'Show what a repository holds',
  method: 'get',
  path: '/repositories/{repository}',
  request: { params: repositoryPath },
  responses: answers(repository, 'The repository'),
})

const remove = createRoute({
  ...asks('deleteRepository', 'repository:delete', inPath),
  summary: 'Delete a repository with everything in it',
  method: 'delete',
  path: '/repositories/{repository}',
  request: { params: repositoryPath, query: purgeQuery },
  responses: answers(deletedRepository, 'What was deleted'),
})

const removeManifest = createRoute({
  ...asks('deleteManifest', 'repository:delete', inPath),
  summary: 'Delete a manifest with all its tags',
  method: 'delete',
  path: '/repositories/{repository}/manifests/{digest}',
  request: { params: manifestPath, query: purgeQuery },
  responses: answers(deleted, 'It is deleted'),
})

export function repositoryRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const { exchange } = c.env
    const visible = await visibleTo(exchange.registry.metadata, exchange.identity)
    return c.json(await listRepositorySummaries(exchange.registry, c.req.valid('query'), visible), 200)
  })
  app.openapi(show, async (c) => {
    const { registry } = callerOf(c)
    return c.json(await showRepository(registry, c.req.valid('param')), 200)
  })
  app.openapi(remove, async (c) => {
    const { registry, caller } = callerOf(c)
    const deletion = { ...c.req.valid('param'), ...c.req.valid('query'), caller }
    return c.json(await deleteRepository(registry, deletion), 200)
  })
  app.openapi(removeManifest, async (c) => {
    const { registry, caller } = callerOf(c)
    const { repository, digest } = c.req.valid('param')
    const reference = { by: 'digest', digest } as const
    const { purge } = c.req.valid('query')
    return c.json({ trash: await deleteManifest(registry, { repository, reference, caller, purge }) }, 200)
  })
}
