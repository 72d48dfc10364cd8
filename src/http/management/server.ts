import { createRoute } from '@hono/zod-openapi'
import { RegistryError } from '../../oci/errors.ts'
import { instant } from '../../registry/moment.ts'
import { readOnlyStatus, requireWritable, switchReadOnly } from '../../registry/read-only.ts'
import { answers, readOnly, runs, started, takes } from './answers.ts'
import { asks, callerOf, type ManagementApp } from './environment.ts'
import { limitQuery, nothing, readOnlySwitch } from './parameters.ts'

const showReadOnly = createRoute({
  ...asks('showReadOnly', 'server:observe'),
  summary: 'Tell whether the registry is read-only',
  method: 'get',
  path: '/read-only',
  responses: answers(readOnly, 'Whether, and why'),
})

const setReadOnly = createRoute({
  ...asks('setReadOnly', 'server:administer'),
  summary: 'Refuse pushes and deletions, or take them again',
  method: 'put',
  path: '/read-only',
  request: { body: takes(readOnlySwitch) },
  responses: answers(readOnly, 'Whether it is read-only now, and why'),
})

const listRuns = createRoute({
  ...asks('listCollectorRuns', 'server:observe'),
  summary: 'List the latest runs of the collector, the last first',
  method: 'get',
  path: '/gc/runs',
  request: { query: limitQuery },
  responses: answers(runs, 'The runs that are remembered'),
})

const start = createRoute({
  ...asks('startCollector', 'server:administer'),
  summary: 'Start a run of the collector',
  description: 'It goes on in the background; the list of runs shows what it removed.',
  method: 'post',
  path: '/gc',
  request: { body: takes(nothing) },
  responses: answers(started, 'Whether it started'),
})

export function serverRoutes(app: ManagementApp): void {
  app.openapi(showReadOnly, async (c) => c.json(await readOnlyStatus(callerOf(c).registry), 200))
  app.openapi(setReadOnly, async (c) => {
    const { registry, caller } = callerOf(c)
    return c.json(await switchReadOnly(registry, { ...c.req.valid('json'), caller }), 200)
  })
  app.openapi(listRuns, async (c) => {
    const found = await callerOf(c).registry.metadata.listRuns(c.req.valid('query'))
    const runs = found.map(({ id: _, started_at, finished_at, ...run }) => ({
      ...run,
      startedAt: instant(started_at),
      finishedAt: instant(finished_at),
    }))
    return c.json({ runs }, 200)
  })
  app.openapi(start, async (c) => {
    await requireWritable(callerOf(c).registry)
    const { startCollector } = c.env
    if (!startCollector) throw new RegistryError('UNSUPPORTED', 'this server runs no collector')
    return c.json({ started: await startCollector() }, 200)
  })
}
