import { createRoute } from '@hono/zod-openapi'
import {
  createAccessToken,
  listAccessTokens,
  revokeAccessToken,
  unknownToken,
} from '../../access/access-tokens.ts'
import { parseExpiry } from '../../access/expiry.ts'
import type { FoundAccessToken } from '../../metadata/metadata-store.ts'
import { accessTokens, createdAccessToken, revokedAccessToken } from './account-answers.ts'
import { himself, idPath, named, newAccessToken, robotPath, userPath } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, type ManagementApp, type ManagementContext } from './environment.ts'

const listOfUser = createRoute({
  ...asks('listUserTokens', 'account:self', named('user')),
  summary: 'List the access tokens of a user, the newest first',
  method: 'get',
  path: '/users/{user}/tokens',
  request: { params: userPath },
  responses: answers(accessTokens, 'His tokens, without their secrets'),
})

const createForUser = createRoute({
  ...asks('createUserToken', 'account:self', named('user')),
  summary: 'Make an access token, which goes in the place of the password',
  method: 'post',
  path: '/users/{user}/tokens',
  request: { params: userPath, body: takes(newAccessToken) },
  responses: answers(createdAccessToken, 'The token, shown this once'),
})

const listOfRobot = createRoute({
  ...asks('listRobotTokens', 'organisation:administer', named('organisation')),
  summary: 'List the access tokens of a robot, the newest first',
  method: 'get',
  path: '/organisations/{organisation}/robots/{robot}/tokens',
  request: { params: robotPath },
  responses: answers(accessTokens, 'Its tokens, without their secrets'),
})

const createForRobot = createRoute({
  ...asks('createRobotToken', 'organisation:administer', named('organisation')),
  summary: 'Make an access token for a robot',
  method: 'post',
  path: '/organisations/{organisation}/robots/{robot}/tokens',
  request: { params: robotPath, body: takes(newAccessToken) },
  responses: answers(createdAccessToken, 'The token, shown this once'),
})

const revoke = createRoute({
  ...asks('revokeToken', 'account:self', himself),
  summary: 'Revoke an access token of one’s own, or of a robot that one may administer',
  description: 'Whatever was signed in with it holds no more.',
  method: 'delete',
  path: '/tokens/{id}',
  request: { params: idPath },
  responses: answers(revokedAccessToken, 'It is revoked'),
})

export function accessTokenRoutes(app: ManagementApp): void {
  app.openapi(listOfUser, async (c) => {
    const owner = { kind: 'user', name: c.req.valid('param').user } as const
    return c.json(await listAccessTokens(administrationOf(c), { owner }), 200)
  })
  app.openapi(createForUser, async (c) => {
    const administration = administrationOf(c)
    const { expires, ...token } = c.req.valid('json')
    const owner = { kind: 'user', name: c.req.valid('param').user } as const
    const expiresAt = parseExpiry(expires, administration.now())
    return c.json(await createAccessToken(administration, { ...token, owner, expiresAt }), 200)
  })
  app.openapi(listOfRobot, async (c) => {
    const { organisation, robot: name } = c.req.valid('param')
    const owner = { kind: 'robot', organisation, name } as const
    return c.json(await listAccessTokens(administrationOf(c), { owner }), 200)
  })
  app.openapi(createForRobot, async (c) => {
    const administration = administrationOf(c)
    const { expires, ...token } = c.req.valid('json')
    const { organisation, robot: name } = c.req.valid('param')
    const owner = { kind: 'robot', organisation, name } as const
    const expiresAt = parseExpiry(expires, administration.now())
    return c.json(await createAccessToken(administration, { ...token, owner, expiresAt }), 200)
  })
  app.openapi(revoke, async (c) => {
    const { id } = c.req.valid('param')
    const administration = administrationOf(c)
    const found = await administration.metadata.findAccessTokenById(id)
    if (!found || !(await mayAdminister(c, found))) throw unknownToken(id)
    return c.json(await revokeAccessToken(administration, { id }), 200)
  })
}

/** Who may not is told that there is none. */
async function mayAdminister({ env }: ManagementContext, { owner }: FoundAccessToken): Promise<boolean> {
  const { decide, identity } = env.exchange
  const decision =
    owner.kind === 'user'
      ? await decide(identity, 'account:self', { kind: 'user', name: owner.name })
      : await decide(identity, 'organisation:administer', {
          kind: 'organisation',
          name: owner.name.split('+')[0] ?? '',
        })
  return decision.allow
}
