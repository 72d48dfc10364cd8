import { createRoute } from '@hono/zod-openapi'
import { changeNamespace, listNamespaces, setVisibility, showNamespace } from '../../access/namespaces.ts'
import { RegistryError } from '../../oci/errors.ts'
import { namespace, namespaces, setVisibility as visibility } from './account-answers.ts'
import { himself, named, namespaceChange, namespacePath, visibilityChange } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, inPath, type ManagementApp, may, userIdOf } from './environment.ts'
import { pageQuery, repositoryPath } from './parameters.ts'

const list = createRoute({
  ...asks('listNamespaces', 'account:self', himself),
  summary: 'List the caller’s own namespaces; an administrator sees all',
  method: 'get',
  path: '/namespaces',
  request: { query: pageQuery },
  responses: answers(namespaces, 'A page of namespaces'),
})

const show = createRoute({
  ...asks('showNamespace', 'namespace:show', named('namespace')),
  summary: 'Show whose a namespace is, and what its repositories are unless they are set',
  method: 'get',
  path: '/namespaces/{namespace}',
  request: { params: namespacePath },
  responses: answers(namespace, 'The namespace'),
})

const change = createRoute({
  ...asks('changeNamespace', 'namespace:configure', named('namespace')),
  summary: 'Set what new repositories of a namespace are; as an administrator also whose it is',
  method: 'put',
  path: '/namespaces/{namespace}',
  request: { params: namespacePath, body: takes(namespaceChange) },
  responses: answers(namespace, 'The namespace as it is now'),
})

const publish = createRoute({
  ...asks('setVisibility', 'repository:configure', inPath),
  summary: 'Make a repository public or private',
  method: 'put',
  path: '/repositories/{repository}/visibility',
  request: { params: repositoryPath, body: takes(visibilityChange) },
  responses: answers(visibility, 'What it is now'),
})

export function namespaceRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const owner = (await may(c, 'accounts:administer')) ? undefined : (userIdOf(c) ?? '-')
    return c.json(await listNamespaces(administrationOf(c), { ...c.req.valid('query'), owner }), 200)
  })
  app.openapi(show, async (c) => {
    return c.json(await showNamespace(administrationOf(c), { name: c.req.valid('param').namespace }), 200)
  })
  app.openapi(change, async (c) => {
    const { namespace: name } = c.req.valid('param')
    const { owner, defaultVisibility } = c.req.valid('json')
    if (owner !== undefined && !(await may(c, 'accounts:administer')))
      throw new RegistryError('DENIED', 'only an administrator gives a namespace to another')
    return c.json(await changeNamespace(administrationOf(c), { name, owner, defaultVisibility }), 200)
  })
  app.openapi(publish, async (c) => {
    const change = { ...c.req.valid('param'), ...c.req.valid('json') }
    return c.json(await setVisibility(administrationOf(c), change), 200)
  })
}
