import { createRoute } from '@hono/zod-openapi'
import type { Action } from '../../access/decide.ts'
import { createFirstUser } from '../../access/registration.ts'
import { kindOfSecret } from '../../access/sign-in/secrets.ts'
import { changeUser, createUser, deleteUser, listUsers, setPassword, showUser } from '../../access/users.ts'
import { RegistryError } from '../../oci/errors.ts'
import { createdUser, deletedAccount, user, users, whoAmI } from './account-answers.ts'
import { named, newUser, passwordChange, userChange, userPath } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import { administrationOf, asks, type ManagementApp, type ManagementContext, may } from './environment.ts'
import { pageQuery } from './parameters.ts'

const tellWho = createRoute({
  ...asks('whoAmI', 'registry:ping'),
  summary: 'Tell who the caller is to the registry',
  method: 'get',
  path: '/whoami',
  responses: answers(whoAmI, 'Who he is'),
})

const list = createRoute({
  ...asks('listUsers', 'accounts:administer'),
  summary: 'List the users by name',
  method: 'get',
  path: '/users',
  request: { query: pageQuery },
  responses: answers(users, 'A page of users'),
})

const create = createRoute({
  ...asks('createUser', creation),
  summary: 'Make a user',
  description:
    'The first one is an administrator and closes an open registry; it takes the set-up code that the log of the server shows.',
  method: 'post',
  path: '/users',
  request: { body: takes(newUser) },
  responses: answers(createdUser, 'The user is there'),
})

const show = createRoute({
  ...asks('showUser', 'account:self', named('user')),
  summary: 'Show a user',
  method: 'get',
  path: '/users/{user}',
  request: { params: userPath },
  responses: answers(user, 'The user'),
})

const change = createRoute({
  ...asks('changeUser', 'account:self', named('user')),
  summary: 'Change a user’s e-mail address; administrators also what he is',
  method: 'put',
  path: '/users/{user}',
  request: { params: userPath, body: takes(userChange) },
  responses: answers(user, 'The user as he is now'),
})

const password = createRoute({
  ...asks('setPassword', 'account:self', named('user')),
  summary: 'Change a password: one’s own with the current one, as an administrator anybody’s',
  description: 'Whoever was signed in as the user must sign in again; his access tokens go on.',
  method: 'put',
  path: '/users/{user}/password',
  request: { params: userPath, body: takes(passwordChange) },
  responses: answers(user, 'It is changed'),
})

const remove = createRoute({
  ...asks('deleteUser', 'accounts:administer'),
  summary: 'Delete a user; what lies in his namespace stays, private and the administrators’',
  method: 'delete',
  path: '/users/{user}',
  request: { params: userPath },
  responses: answers(deletedAccount, 'It is deleted'),
})

export function userRoutes(app: ManagementApp): void {
  app.openapi(tellWho, async (c) => {
    const { identity } = c.env.exchange
    const { kind, name } = identity
    const accessToken = kind !== 'operator' && identity.bound?.accessToken !== undefined
    return c.json({ kind, name, admin: await may(c, 'accounts:administer'), accessToken }, 200)
  })
  app.openapi(list, async (c) => c.json(await listUsers(administrationOf(c), c.req.valid('query')), 200))
  app.openapi(create, async (c) => {
    const administration = administrationOf(c)
    const { setupCode, ...user } = c.req.valid('json')
    const { hasUsers } = await administration.metadata.accessState()
    if (hasUsers) return c.json(await createUser(administration, user), 200)
    return c.json(await createFirstUser(administration, { ...user, setupCode }), 200)
  })
  app.openapi(show, async (c) => {
    return c.json(await showUser(administrationOf(c), { name: c.req.valid('param').user }), 200)
  })
  app.openapi(change, async (c) => {
    const { user: name } = c.req.valid('param')
    const { email, ...flags } = c.req.valid('json')
    if (flags.admin !== undefined || flags.disabled !== undefined) await requireAdministratorOfOthers(c, name)
    return c.json(await changeUser(administrationOf(c), { name, email, ...flags }), 200)
  })
  app.openapi(password, async (c) => {
    const { user: name } = c.req.valid('param')
    const { password, current } = c.req.valid('json')
    if (isHimself(c, name)) await requirePassword(c, current)
    return c.json(await setPassword(administrationOf(c), { name, password }), 200)
  })
  app.openapi(remove, async (c) => {
    const { user: name } = c.req.valid('param')
    await requireAdministratorOfOthers(c, name)
    return c.json(await deleteUser(administrationOf(c), { name }), 200)
  })
}

/** The first user nobody can be allowed to make: the use case asks for the set-up code instead. */
async function creation(context: ManagementContext): Promise<Action> {
  const { hasUsers } = await context.env.exchange.registry.metadata.accessState()
  return hasUsers ? 'accounts:administer' : 'server:greet'
}

function isHimself({ env }: ManagementContext, name: string): boolean {
  const { identity } = env.exchange
  return identity.kind === 'user' && identity.name === name
}

/** Who has but an access token, or a browser left open, must not take the account over. @throws DENIED, PARAMETER_INVALID */
async function requirePassword({ env }: ManagementContext, current: string | undefined): Promise<void> {
  if (current === undefined)
    throw new RegistryError(
      'PARAMETER_INVALID',
      'current: who changes his own password must give the current one',
    )
  const { callers, identity, client } = env.exchange
  try {
    if (!callers || kindOfSecret(current)) throw new RegistryError('UNAUTHORIZED', 'this is no password')
    // Attempts are counted as those of a sign-in are.
    await callers.signIn.withPassword({ name: identity.name, password: current, address: client() })
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'UNAUTHORIZED') throw error
    throw new RegistryError('DENIED', 'the current password is wrong')
  }
}

/** An administrator who could take his own rights might leave nobody who has them. @throws DENIED */
async function requireAdministratorOfOthers(context: ManagementContext, name: string): Promise<void> {
  if (!(await may(context, 'accounts:administer')))
    throw new RegistryError('DENIED', 'this takes an administrator')
  if (isHimself(context, name))
    throw new RegistryError('DENIED', 'nobody does this to his own account: ask another administrator')
}
