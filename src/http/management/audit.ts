import { createRoute, z } from '@hono/zod-openapi'
import { attributionOf } from '../../access/attribution.ts'
import { everyEvent, listAudit, parseBoundary } from '../../registry/audit/list.ts'
import { verifyAuditLog } from '../../registry/audit/verification.ts'
import { reportOf } from '../../registry/audit/verification-report.ts'
import { answers, count, listOf, next, takes, time } from './answers.ts'
import { asks, callerOf, type ManagementApp, type ManagementContext } from './environment.ts'
import { pageQuery } from './parameters.ts'

const text = z
  .string()
  .max(300)
  .refine((value) => !value.includes('\0') && value.isWellFormed(), 'is no name')

const boundary = z.string().max(100).openapi({
  description: 'ISO 8601 with its zone, or an age such as 2h',
  example: '2026-11-25T14:00:00Z',
})

const filterQuery = z.object({
  user: text.optional().openapi({ description: 'The name of who did it' }),
  action: text.optional().openapi({ description: 'Such as tag:set, or tag:* for all that is done to tags' }),
  repository: text.optional(),
  outcome: z.enum(['done', 'denied', 'failed']).optional(),
  since: boundary.optional(),
  until: boundary.optional(),
})

const listQuery = pageQuery
  .extend(filterQuery.shape)
  .extend({ order: z.enum(['newest', 'oldest']).default('newest') })

const event = z
  .object({
    id: z.string(),
    at: time,
    since: time.nullable().openapi({ description: 'When the first of `count` alike was; null: it was one' }),
    who: z.string(),
    kind: z
      .string()
      .openapi({ description: 'user, robot, anonymous, operator, server; unknown: he did not sign in' }),
    account: z.string().nullable(),
    token: z.string().nullable().openapi({ description: 'The id of the access token that he came with' }),
    address: z.string().nullable(),
    request: z.string().nullable().openapi({ description: 'The number of the request in the log' }),
    action: z.string(),
    repository: z.string().nullable(),
    digest: z.string().nullable(),
    subject: z
      .string()
      .nullable()
      .openapi({ description: 'What it was done to where that is no repository' }),
    detail: z.unknown(),
    outcome: z.enum(['done', 'denied', 'failed']),
    count,
  })
  .openapi('AuditEvent')

const events = z.object({ events: listOf(event), next }).openapi('AuditEvents')

const anchor = z.object({ number: count, hash: z.string().regex(/^[0-9a-f]{64}$/) }).openapi('AuditAnchor')

const end = z.object({ number: count, hash: z.string() })

const verification = z
  .object({
    batches: count,
    events: count,
    unsealed: count.openapi({ description: 'Events that no batch holds yet' }),
    oldestUnsealed: time.nullable(),
    head: end,
    trimmed: end.openapi({ description: 'The last batch that retention removed; number 0: none' }),
    anchors: count.openapi({ description: 'Anchors that could be compared' }),
    findings: listOf(
      z.object({
        kind: z.enum([
          'changed',
          'removed',
          'inserted',
          'batch-changed',
          'batch-removed',
          'end-removed',
          'not-the-anchor',
          'beginning-removed',
        ]),
        event: z.string().nullable(),
        batch: count.nullable(),
        at: time.nullable(),
        message: z.string(),
      }),
    ),
  })
  .openapi('AuditVerification')

const list = createRoute({
  ...asks('listAudit', 'server:audit'),
  summary: 'List who did what, and who tried to',
  description: 'A page may hold fewer events than asked for while there are more: `next` tells.',
  method: 'get',
  path: '/audit',
  request: { query: listQuery },
  responses: answers(events, 'The events'),
})

const exported = createRoute({
  ...asks('exportAudit', 'server:audit'),
  summary: 'Export who did what, the oldest first, as JSON lines',
  method: 'get',
  path: '/audit/export',
  request: { query: filterQuery },
  responses: {
    ...answers(event, ''),
    200: { description: 'One event in each line', content: { 'application/jsonl': { schema: event } } },
  },
})

const verify = createRoute({
  ...asks('verifyAudit', 'server:audit'),
  summary: 'Compare each event with what the chain says of it',
  description: 'Reads the whole audit log, which takes some seconds for each million of events.',
  method: 'post',
  path: '/audit/verify',
  request: { body: takes(z.strictObject({ anchors: z.array(anchor).max(500).default([]) })) },
  responses: answers(verification, 'What was found'),
})

const showAnchor = createRoute({
  ...asks('showAuditAnchor', 'server:audit'),
  summary: 'Tell where the chain ends, to keep it elsewhere',
  method: 'get',
  path: '/audit/anchor',
  responses: answers(
    z.object({ anchor: anchor.nullable() }).openapi('AuditEnd'),
    'The last batch and its hash',
  ),
})

export function auditRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const { since, until, ...page } = c.req.valid('query')
    const { registry } = callerOf(c)
    return c.json(await listAudit(registry.metadata, { ...page, ...boundaries(c, { since, until }) }), 200)
  })
  app.openapi(exported, (c) => {
    const { since, until, ...filter } = c.req.valid('query')
    const { registry } = callerOf(c)
    const all = everyEvent(registry.metadata, {
      ...filter,
      ...boundaries(c, { since, until }),
      order: 'oldest',
    })
    return new Response(lines(all), { headers: { 'Content-Type': 'application/jsonl' } }) as never
  })
  app.openapi(verify, async (c) => {
    const { exchange } = c.env
    const by = attributionOf(exchange.identity, { address: exchange.client(), request: exchange.id })
    const { anchors } = c.req.valid('json')
    return c.json(reportOf(await verifyAuditLog(exchange.registry.metadata, { anchors, by })), 200)
  })
  app.openapi(showAnchor, async (c) => {
    const found = await callerOf(c).registry.metadata.auditHead()
    return c.json({ anchor: found ?? null }, 200)
  })
}

function boundaries(
  c: ManagementContext,
  { since, until }: { since: string | undefined; until: string | undefined },
): { since: number | undefined; until: number | undefined } {
  const now = callerOf(c).registry.now()
  const parsed = (text: string | undefined) => (text === undefined ? undefined : parseBoundary(text, { now }))
  return { since: parsed(since), until: parsed(until) }
}

/** One after the other, as fast as they are taken. */
function lines(pages: AsyncGenerator<readonly object[]>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pages.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value.map((each) => `${JSON.stringify(each)}\n`).join('')))
    },
    async cancel() {
      await pages.return(undefined)
    },
  })
}
