import { createRoute } from '@hono/zod-openapi'
import {
  addTeamMember,
  createTeam,
  deleteTeam,
  listTeamMembers,
  listTeams,
  removeTeamMember,
} from '../../access/teams.ts'
import { deletedAccount, newTeamMember, removed, team, teamMembers, teams } from './account-answers.ts'
import { named, newName, organisationPath, teamMemberPath, teamPath } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, type ManagementApp } from './environment.ts'
import { nothing, pageQuery } from './parameters.ts'

const list = createRoute({
  ...asks('listTeams', 'organisation:show', named('organisation')),
  summary: 'List the teams of an organisation',
  method: 'get',
  path: '/organisations/{organisation}/teams',
  request: { params: organisationPath, query: pageQuery },
  responses: answers(teams, 'A page of teams'),
})

const create = createRoute({
  ...asks('createTeam', 'organisation:administer', named('organisation')),
  summary: 'Make a team',
  method: 'post',
  path: '/organisations/{organisation}/teams',
  request: { params: organisationPath, body: takes(newName) },
  responses: answers(team, 'It is there'),
})

const remove = createRoute({
  ...asks('deleteTeam', 'organisation:administer', named('organisation')),
  summary: 'Delete a team, with what was granted to it',
  method: 'delete',
  path: '/organisations/{organisation}/teams/{team}',
  request: { params: teamPath },
  responses: answers(deletedAccount, 'It is deleted'),
})

const listOfMembers = createRoute({
  ...asks('listTeamMembers', 'organisation:show', named('organisation')),
  summary: 'List the members of a team',
  method: 'get',
  path: '/organisations/{organisation}/teams/{team}/members',
  request: { params: teamPath, query: pageQuery },
  responses: answers(teamMembers, 'A page of members'),
})

const add = createRoute({
  ...asks('addTeamMember', 'organisation:administer', named('organisation')),
  summary: 'Put a member of the organisation into a team',
  method: 'put',
  path: '/organisations/{organisation}/teams/{team}/members/{user}',
  request: { params: teamMemberPath, body: takes(nothing) },
  responses: answers(newTeamMember, 'He is in the team'),
})

const takeOut = createRoute({
  ...asks('removeTeamMember', 'organisation:administer', named('organisation')),
  summary: 'Take a member out of a team',
  method: 'delete',
  path: '/organisations/{organisation}/teams/{team}/members/{user}',
  request: { params: teamMemberPath },
  responses: answers(removed, 'He is out of the team'),
})

export function teamRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const query = { ...c.req.valid('param'), ...c.req.valid('query') }
    return c.json(await listTeams(administrationOf(c), query), 200)
  })
  app.openapi(create, async (c) => {
    const team = { ...c.req.valid('param'), ...c.req.valid('json') }
    return c.json(await createTeam(administrationOf(c), team), 200)
  })
  app.openapi(remove, async (c) => {
    const { organisation, team: name } = c.req.valid('param')
    return c.json(await deleteTeam(administrationOf(c), { organisation, name }), 200)
  })
  app.openapi(listOfMembers, async (c) => {
    const { organisation, team: name } = c.req.valid('param')
    const query = { organisation, name, ...c.req.valid('query') }
    return c.json(await listTeamMembers(administrationOf(c), query), 200)
  })
  app.openapi(add, async (c) => {
    const { organisation, team: name, user } = c.req.valid('param')
    return c.json(await addTeamMember(administrationOf(c), { organisation, name, user }), 200)
  })
  app.openapi(takeOut, async (c) => {
    const { organisation, team: name, user } = c.req.valid('param')
    return c.json(await removeTeamMember(administrationOf(c), { organisation, name, user }), 200)
  })
}
