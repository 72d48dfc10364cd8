import { createRoute, z } from '@hono/zod-openapi'
import { addTrust, listTrusts, removeTrust } from '../../access/robot-trusts.ts'
import { idPath, named, robotPath, tokenScopes } from './account-parameters.ts'
import { answers, count, listOf, takes, time } from './answers.ts'
import { administrationOf, asks, type ManagementApp } from './environment.ts'

const trust = z
  .object({
    id: z.string(),
    issuer: z.string(),
    audience: z.string(),
    claims: z.record(z.string(), z.string()),
    scopes: listOf(z.string()).nullable().openapi({ description: 'Null: all that the robot may' }),
    tokens: count.openapi({ description: 'Tokens that jobs were given by it, and that still hold' }),
    createdAt: time,
  })
  .openapi('Trust')
const robotName = z.string().openapi({ description: 'What jobs sign in as', example: 'acme+deploy' })
const createdTrust = trust.extend({ robot: robotName }).openapi('CreatedTrust')
const trusts = z.object({ robot: robotName, trusts: listOf(trust) }).openapi('Trusts')
const removedTrust = z.object({ removed: z.string(), robot: robotName }).openapi('RemovedTrust')

/** Its rules are the use case's, which says what is wrong in words. */
const newTrust = z
  .strictObject({
    issuer: z.string().max(1000).openapi({
      description: 'The URL that tokens name as iss, to the letter',
      example: 'https://token.actions.githubusercontent.com',
    }),
    audience: z.string().max(1000).openapi({
      description: 'Whom the tokens must be for (aud)',
      example: 'https://registry.example.com',
    }),
    claims: z.record(z.string().max(1000), z.string().max(1000)).openapi({
      description:
        'What each of these claims must be: * is anything but a slash, ** anything. One of them must say whose job it is',
      example: { repository: 'acme/app', ref: 'refs/heads/*' },
    }),
    scopes: tokenScopes.openapi({
      description: 'Repositories, or patterns of them, and verbs; none: all that the robot may',
    }),
  })
  .openapi('NewTrust')

const list = createRoute({
  ...asks('listRobotTrusts', 'organisation:administer', named('organisation')),
  summary: 'List which jobs may sign in as a robot, by the tokens of their OpenID providers',
  method: 'get',
  path: '/organisations/{organisation}/robots/{robot}/trusts',
  request: { params: robotPath },
  responses: answers(trusts, 'Its trusts, the oldest first'),
})

const add = createRoute({
  ...asks('addRobotTrust', 'organisation:administer', named('organisation')),
  summary: 'Let jobs sign in as a robot by the tokens of their OpenID provider',
  method: 'post',
  path: '/organisations/{organisation}/robots/{robot}/trusts',
  request: { params: robotPath, body: takes(newTrust) },
  responses: answers(createdTrust, 'It is there'),
})

const remove = createRoute({
  ...asks('removeRobotTrust', 'organisation:administer', named('organisation')),
  summary: 'Let these jobs sign in no more, and end the tokens that they were given',
  method: 'delete',
  path: '/organisations/{organisation}/robots/{robot}/trusts/{id}',
  request: { params: robotPath.extend(idPath.shape) },
  responses: answers(removedTrust, 'It is removed'),
})

export function robotTrustRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const { organisation, robot: name } = c.req.valid('param')
    return c.json(await listTrusts(administrationOf(c), { organisation, name }), 200)
  })
  app.openapi(add, async (c) => {
    const { organisation, robot: name } = c.req.valid('param')
    const trust = { ...c.req.valid('json'), robot: { organisation, name } }
    return c.json(await addTrust(administrationOf(c), trust), 200)
  })
  app.openapi(remove, async (c) => {
    const { organisation, robot: name, id } = c.req.valid('param')
    return c.json(await removeTrust(administrationOf(c), { organisation, name, id }), 200)
  })
}
