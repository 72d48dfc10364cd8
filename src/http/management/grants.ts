import { createRoute } from '@hono/zod-openapi'
import { explainAccess } from '../../access/explain.ts'
import { grantRole, listGrants, revokeRole } from '../../access/grants.ts'
import { explanation, grants, newGrant, revokedGrant } from './account-answers.ts'
import {
  explainQuery,
  named,
  namespaceGrantPath,
  namespacePath,
  repositoryGrantPath,
  roleChange,
} from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, inPath, type ManagementApp } from './environment.ts'
import { repositoryPath } from './parameters.ts'

const listOnNamespace = createRoute({
  ...asks('listNamespaceGrants', 'namespace:grant', named('namespace')),
  summary: 'List who has which role in a whole namespace',
  method: 'get',
  path: '/namespaces/{namespace}/grants',
  request: { params: namespacePath },
  responses: answers(grants, 'The grants on the namespace itself'),
})

const giveOnNamespace = createRoute({
  ...asks('grantOnNamespace', 'namespace:grant', named('namespace')),
  summary: 'Give a user or a team a role in a whole namespace',
  method: 'put',
  path: '/namespaces/{namespace}/grants/{subject}',
  request: { params: namespaceGrantPath, body: takes(roleChange) },
  responses: answers(newGrant, 'It is granted'),
})

const takeOnNamespace = createRoute({
  ...asks('revokeOnNamespace', 'namespace:grant', named('namespace')),
  summary: 'Take a role in a namespace back',
  method: 'delete',
  path: '/namespaces/{namespace}/grants/{subject}',
  request: { params: namespaceGrantPath },
  responses: answers(revokedGrant, 'It is revoked'),
})

const listOnRepository = createRoute({
  ...asks('listRepositoryGrants', 'repository:grant', inPath),
  summary: 'List who has which role in a repository',
  method: 'get',
  path: '/repositories/{repository}/grants',
  request: { params: repositoryPath },
  responses: answers(grants, 'The grants on the repository itself'),
})

const giveOnRepository = createRoute({
  ...asks('grantOnRepository', 'repository:grant', inPath),
  summary: 'Give a user or a team a role in a repository, which may be pushed later',
  method: 'put',
  path: '/repositories/{repository}/grants/{subject}',
  request: { params: repositoryGrantPath, body: takes(roleChange) },
  responses: answers(newGrant, 'It is granted'),
})

const takeOnRepository = createRoute({
  ...asks('revokeOnRepository', 'repository:grant', inPath),
  summary: 'Take a role in a repository back',
  method: 'delete',
  path: '/repositories/{repository}/grants/{subject}',
  request: { params: repositoryGrantPath },
  responses: answers(revokedGrant, 'It is revoked'),
})

const explain = createRoute({
  ...asks('explainAccess', 'repository:grant', inPath),
  summary: 'Tell whether somebody may do something in a repository, and why',
  method: 'get',
  path: '/repositories/{repository}/access',
  request: { params: repositoryPath, query: explainQuery },
  responses: answers(explanation, 'The decision and its reason'),
})

export function grantRoutes(app: ManagementApp): void {
  app.openapi(listOnNamespace, async (c) => {
    const on = { kind: 'namespace', name: c.req.valid('param').namespace } as const
    return c.json(await listGrants(administrationOf(c), on), 200)
  })
  app.openapi(giveOnNamespace, async (c) => {
    const { namespace: name, subject } = c.req.valid('param')
    const grant = { subject, on: { kind: 'namespace', name }, ...c.req.valid('json') } as const
    return c.json(await grantRole(administrationOf(c), grant), 200)
  })
  app.openapi(takeOnNamespace, async (c) => {
    const { namespace: name, subject } = c.req.valid('param')
    return c.json(await revokeRole(administrationOf(c), { subject, on: { kind: 'namespace', name } }), 200)
  })
  app.openapi(listOnRepository, async (c) => {
    const on = { kind: 'repository', name: c.req.valid('param').repository } as const
    return c.json(await listGrants(administrationOf(c), on), 200)
  })
  app.openapi(giveOnRepository, async (c) => {
    const { repository: name, subject } = c.req.valid('param')
    const grant = { subject, on: { kind: 'repository', name }, ...c.req.valid('json') } as const
    return c.json(await grantRole(administrationOf(c), grant), 200)
  })
  app.openapi(takeOnRepository, async (c) => {
    const { repository: name, subject } = c.req.valid('param')
    return c.json(await revokeRole(administrationOf(c), { subject, on: { kind: 'repository', name } }), 200)
  })
  app.openapi(explain, async (c) => {
    const { who: whom, action } = c.req.valid('query')
    const { repository } = c.req.valid('param')
    return c.json(await explainAccess(administrationOf(c), { whom, action, repository }), 200)
  })
}
