import { createRoute } from '@hono/zod-openapi'
import { deleteManifest } from '../../registry/manifests.ts'
import { parseMoment } from '../../registry/moment.ts'
import { listTagSummaries, resolveTag, restoreTag, tagHistory } from '../../registry/tags.ts'
import { answers, deleted, history, resolved, restoredTag, tags, takes } from './answers.ts'
import { asks, callerOf, inPath, type ManagementApp } from './environment.ts'
import {
  limitQuery,
  momentQuery,
  pageQuery,
  purgeQuery,
  repositoryPath,
  tagPath,
  tagRestoration,
} from './parameters.ts'

const list = createRoute({
  ...asks('listTags', 'repository:pull', inPath),
  summary: 'List the tags of a repository with what they point at',
  method: 'get',
  path: '/repositories/{repository}/tags',
  request: { params: repositoryPath, query: pageQuery },
  responses: answers(tags, 'A page of tags'),
})

const resolve = createRoute({
  ...asks('resolveTag', 'repository:pull', inPath),
  summary: 'Tell what a tag points at, or pointed at at a time',
  method: 'get',
  path: '/repositories/{repository}/tags/{tag}',
  request: { params: tagPath, query: momentQuery },
  responses: answers(resolved, 'What it points at'),
})

const remove = createRoute({
  ...asks('deleteTag', 'repository:delete', inPath),
  summary: 'Delete one tag; its manifest stays',
  method: 'delete',
  path: '/repositories/{repository}/tags/{tag}',
  request: { params: tagPath, query: purgeQuery },
  responses: answers(deleted, 'It is deleted'),
})

const moves = createRoute({
  ...asks('tagHistory', 'repository:pull', inPath),
  summary: 'Show the moves of a tag, the latest first',
  method: 'get',
  path: '/repositories/{repository}/tags/{tag}/history',
  request: { params: tagPath, query: limitQuery },
  responses: answers(history, 'Its moves'),
})

const restore = createRoute({
  ...asks('restoreTag', 'repository:push', inPath),
  summary: 'Put a tag back to a manifest that it pointed at before',
  description: 'To the one before the last move, unless a digest of its history or a time is named.',
  method: 'post',
  path: '/repositories/{repository}/tags/{tag}/restore',
  request: { params: tagPath, body: takes(tagRestoration) },
  responses: answers(restoredTag, 'What it points at now'),
})

export function tagRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const { registry } = callerOf(c)
    const query = { ...c.req.valid('param'), ...c.req.valid('query') }
    return c.json(await listTagSummaries(registry, query), 200)
  })
  app.openapi(resolve, async (c) => {
    const { registry } = callerOf(c)
    const { at } = c.req.valid('query')
    const moment = at === undefined ? undefined : parseMoment(at, { now: registry.now() })
    return c.json(await resolveTag(registry, { ...c.req.valid('param'), at: moment }), 200)
  })
  app.openapi(remove, async (c) => {
    const { registry, caller } = callerOf(c)
    const { repository, tag } = c.req.valid('param')
    const reference = { by: 'tag', tag } as const
    const { purge } = c.req.valid('query')
    return c.json({ trash: await deleteManifest(registry, { repository, reference, caller, purge }) }, 200)
  })
  app.openapi(moves, async (c) => {
    const { registry } = callerOf(c)
    return c.json(await tagHistory(registry, { ...c.req.valid('param'), ...c.req.valid('query') }), 200)
  })
  app.openapi(restore, async (c) => {
    const { registry, caller } = callerOf(c)
    const { digest, at } = c.req.valid('json')
    const moment = at === undefined ? undefined : { at: parseMoment(at, { now: registry.now() }) }
    const to = digest ? { digest } : moment
    return c.json(await restoreTag(registry, { ...c.req.valid('param'), to, caller }), 200)
  })
}
