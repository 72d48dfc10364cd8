import { createRoute } from '@hono/zod-openapi'
import { changeRobot, createRobot, deleteRobot, listRobots } from '../../access/robots.ts'
import { deletedAccount, robot, robots } from './account-answers.ts'
import { named, newName, organisationPath, robotChange, robotPath } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, type ManagementApp } from './environment.ts'
import { pageQuery } from './parameters.ts'

const list = createRoute({
  ...asks('listRobots', 'organisation:administer', named('organisation')),
  summary: 'List the robots of an organisation',
  method: 'get',
  path: '/organisations/{organisation}/robots',
  request: { params: organisationPath, query: pageQuery },
  responses: answers(robots, 'A page of robots'),
})

const create = createRoute({
  ...asks('createRobot', 'organisation:administer', named('organisation')),
  summary: 'Make a robot: an account for machines, which has access tokens and no password',
  method: 'post',
  path: '/organisations/{organisation}/robots',
  request: { params: organisationPath, body: takes(newName) },
  responses: answers(robot, 'It is there'),
})

const change = createRoute({
  ...asks('changeRobot', 'organisation:administer', named('organisation')),
  summary: 'Disable a robot, or enable it again',
  method: 'put',
  path: '/organisations/{organisation}/robots/{robot}',
  request: { params: robotPath, body: takes(robotChange) },
  responses: answers(robot, 'The robot as it is now'),
})

const remove = createRoute({
  ...asks('deleteRobot', 'organisation:administer', named('organisation')),
  summary: 'Delete a robot with its tokens',
  method: 'delete',
  path: '/organisations/{organisation}/robots/{robot}',
  request: { params: robotPath },
  responses: answers(deletedAccount, 'It is deleted'),
})

export function robotRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const query = { ...c.req.valid('param'), ...c.req.valid('query') }
    return c.json(await listRobots(administrationOf(c), query), 200)
  })
  app.openapi(create, async (c) => {
    const robot = { ...c.req.valid('param'), ...c.req.valid('json') }
    return c.json(await createRobot(administrationOf(c), robot), 200)
  })
  app.openapi(change, async (c) => {
    const { organisation, robot: name } = c.req.valid('param')
    const change = { organisation, name, ...c.req.valid('json') }
    return c.json(await changeRobot(administrationOf(c), change), 200)
  })
  app.openapi(remove, async (c) => {
    const { organisation, robot: name } = c.req.valid('param')
    return c.json(await deleteRobot(administrationOf(c), { organisation, name }), 200)
  })
}
