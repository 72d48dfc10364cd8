import { createRoute } from '@hono/zod-openapi'
import {
  createInvitation,
  listInvitations,
  parseInvitationExpiry,
  register,
  revokeInvitation,
} from '../../access/registration.ts'
import { createdInvitation, createdUser, invitations, revokedInvitation } from './account-answers.ts'
import { idPath, newInvitation, registering } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, callerOf, type ManagementApp } from './environment.ts'
import { pageQuery } from './parameters.ts'

const registration = createRoute({
  ...asks('register', 'server:greet'),
  summary: 'Make an account for oneself, where the setting access.registration allows it',
  method: 'post',
  path: '/registration',
  request: { body: takes(registering) },
  responses: answers(createdUser, 'The account is there'),
})

const create = createRoute({
  ...asks('createInvitation', 'accounts:administer'),
  summary: 'Invite somebody to make an account, where the setting access.registration is invite',
  method: 'post',
  path: '/invitations',
  request: { body: takes(newInvitation) },
  responses: answers(createdInvitation, 'The invitation, shown this once'),
})

const list = createRoute({
  ...asks('listInvitations', 'accounts:administer'),
  summary: 'List the invitations that nobody has taken',
  method: 'get',
  path: '/invitations',
  request: { query: pageQuery },
  responses: answers(invitations, 'A page of invitations'),
})

const revoke = createRoute({
  ...asks('revokeInvitation', 'accounts:administer'),
  summary: 'Withdraw an invitation',
  method: 'delete',
  path: '/invitations/{id}',
  request: { params: idPath },
  responses: answers(revokedInvitation, 'It is withdrawn'),
})

export function registrationRoutes(app: ManagementApp): void {
  app.openapi(registration, async (c) => {
    return c.json(await register(administrationOf(c), c.req.valid('json')), 200)
  })
  app.openapi(create, async (c) => {
    const administration = administrationOf(c)
    const { expires, ...invitation } = c.req.valid('json')
    const expiresAt = parseInvitationExpiry(expires, administration.now())
    const { caller } = callerOf(c)
    return c.json(await createInvitation(administration, { ...invitation, expiresAt, caller }), 200)
  })
  app.openapi(list, async (c) =>
    c.json(await listInvitations(administrationOf(c), c.req.valid('query')), 200),
  )
  app.openapi(revoke, async (c) =>
    c.json(await revokeInvitation(administrationOf(c), c.req.valid('param')), 200),
  )
}
