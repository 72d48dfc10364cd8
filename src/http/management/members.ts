import { createRoute } from '@hono/zod-openapi'
import type { Action } from '../../access/decide.ts'
import { listMembers, removeMember, setMember } from '../../access/organisations.ts'
import { members, newMember, removed } from './account-answers.ts'
import { memberPath, memberRole, named, organisationPath } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, type ManagementApp, type ManagementContext } from './environment.ts'
import { pageQuery } from './parameters.ts'

const list = createRoute({
  ...asks('listMembers', 'organisation:show', named('organisation')),
  summary: 'List the members of an organisation',
  method: 'get',
  path: '/organisations/{organisation}/members',
  request: { params: organisationPath, query: pageQuery },
  responses: answers(members, 'A page of members'),
})

const set = createRoute({
  ...asks('setMember', 'organisation:administer', named('organisation')),
  summary: 'Make a user a member or an owner of an organisation',
  method: 'put',
  path: '/organisations/{organisation}/members/{user}',
  request: { params: memberPath, body: takes(memberRole) },
  responses: answers(newMember, 'What he is now'),
})

const remove = createRoute({
  ...asks('removeMember', leaving, named('organisation')),
  summary: 'Remove a member from an organisation and its teams, or leave it; never the last owner',
  method: 'delete',
  path: '/organisations/{organisation}/members/{user}',
  request: { params: memberPath },
  responses: answers(removed, 'He is no member any more'),
})

export function memberRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const query = { ...c.req.valid('param'), ...c.req.valid('query') }
    return c.json(await listMembers(administrationOf(c), query), 200)
  })
  app.openapi(set, async (c) => {
    const member = { ...c.req.valid('param'), ...c.req.valid('json') }
    return c.json(await setMember(administrationOf(c), member), 200)
  })
  app.openapi(remove, async (c) => c.json(await removeMember(administrationOf(c), c.req.valid('param')), 200))
}

/** Whoever is a member may leave. */
async function leaving(context: ManagementContext): Promise<Action> {
  const { identity } = context.env.exchange
  const own = identity.kind === 'user' && identity.name === context.req.param('user')
  return own ? 'organisation:show' : 'organisation:administer'
}
