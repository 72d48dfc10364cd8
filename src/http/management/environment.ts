import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import type { Administration } from '../../access/administration.ts'
import type { Action, Decide, Resource } from '../../access/decide.ts'
import type { Directory } from '../../access/directories/directory.ts'
import type { Switches } from '../../access/policy.ts'
import type { PasswordHasher } from '../../access/sign-in/password-hashes.ts'
import type { WebhookAdministration } from '../../notifications/webhooks.ts'
import { RegistryError } from '../../oci/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { requireWritable } from '../../registry/read-only.ts'
import { trashedIn } from '../../registry/trash.ts'
import { authorize, type Exchange } from '../exchange.ts'
import { trashPath } from './parameters.ts'

/** Starts a run of the collector in the background. @returns false where one is under way */
export type StartCollector = () => boolean | Promise<boolean>

export interface ManagementEnv {
  Bindings: {
    exchange: Exchange
    version: string
    startCollector: StartCollector | undefined
    accounts: AccountOptions
    notifying: Notifying | undefined
  }
}

/** What the routes of accounts need beside the registry. */
export interface AccountOptions {
  /** What the settings say of directories, opened to be tried; undefined: nothing. */
  readonly directories?: () => Promise<readonly Directory[]>
  readonly hasher: PasswordHasher
  readonly registration: Switches['registration']
}

/** What the routes of webhooks need beside the registry. */
export type Notifying = Pick<WebhookAdministration, 'guard' | 'sender'>

export type ManagementApp = OpenAPIHono<ManagementEnv>

export type ManagementContext = Context<ManagementEnv>
type ResourceOf = (context: ManagementContext) => Resource | Promise<Resource>

/**
 * The part of a route that no route goes without: its name, for logs and metrics, and what its caller must be
 * allowed to do. It is asked before anything of the request is looked at.
 */
export function asks(
  name: string,
  action: Action | ((context: ManagementContext) => Promise<Action>),
  resourceOf: ResourceOf = () => undefined,
) {
  const decided: MiddlewareHandler<ManagementEnv> = async (context, next) => {
    const { exchange } = context.env
    exchange.route = `api.${name}`
    const asked = typeof action === 'string' ? action : await action(context)
    await authorize(exchange, asked, await resourceOf(context))
    await next()
  }
  return { operationId: name, middleware: decided }
}

/** The repository in the path. @throws NAME_INVALID */
export function inPath(context: ManagementContext): RepositoryName {
  return parseRepositoryName(context.req.param('repository') ?? '')
}

/** The repository in the query, where one is named. @throws NAME_INVALID */
export function inQuery(context: ManagementContext): RepositoryName | undefined {
  const name = context.req.query('repository')
  return name === undefined ? undefined : parseRepositoryName(name)
}

/** The repository that a deletion was in. */
export async function ofTrash(context: ManagementContext): Promise<RepositoryName | undefined> {
  // What is no ID is refused when the parameters are read; PostgreSQL would not even take it as text.
  const id = trashPath.shape.id.safeParse(context.req.param('id'))
  return id.success ? trashedIn(context.env.exchange.registry, id.data) : undefined
}

/** What a use case needs to know of who calls. */
export function callerOf(context: ManagementContext): { registry: Exchange['registry']; caller: string } {
  const { registry, identity } = context.env.exchange
  return { registry, caller: identity.name }
}

/** What the use cases of accounts work with. */
export function administrationOf(context: ManagementContext): Administration & { decide: Decide } {
  const { exchange, accounts } = context.env
  const { registry, decide } = exchange
  return {
    metadata: registry.metadata,
    decide,
    ...accounts,
    now: () => registry.now(),
    newId: () => registry.newId(),
    markClosed: async () => registry.blobs.markClosed?.(),
    requireWritable: () => requireWritable(registry),
  }
}

/** What the use cases of webhooks work with. @throws UNSUPPORTED */
export function webhookAdministrationOf(context: ManagementContext): WebhookAdministration {
  const { exchange, notifying } = context.env
  if (!notifying) throw new RegistryError('UNSUPPORTED', 'this server tells no webhooks')
  const { now, newId, requireWritable } = administrationOf(context)
  return {
    ...notifying,
    metadata: exchange.registry.metadata,
    caller: exchange.identity.name,
    now,
    newId,
    requireWritable,
  }
}

/** Whether the caller may do something besides what the route asked for: what it shows may depend on it. */
export async function may(context: ManagementContext, action: Action): Promise<boolean> {
  const { decide, identity } = context.env.exchange
  return (await decide(identity, action, undefined)).allow
}

/** The id of the user who calls; undefined: it is no user. */
export function userIdOf(context: ManagementContext): string | undefined {
  const { identity } = context.env.exchange
  return identity.kind === 'user' ? identity.id : undefined
}
