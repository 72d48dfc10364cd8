import { OpenAPIHono } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import { RegistryError } from '../../oci/errors.ts'
import { type Exchange, recordCaller } from '../exchange.ts'
import { apiVersion } from '../headers.ts'
import { accessTokenRoutes } from './access-tokens.ts'
import { auditRoutes } from './audit.ts'
import { directoryRoutes } from './directories.ts'
import { documentRoute } from './document.ts'
import type {
  AccountOptions,
  ManagementApp,
  ManagementEnv,
  Notifying,
  StartCollector,
} from './environment.ts'
import { grantRoutes } from './grants.ts'
import { memberRoutes } from './members.ts'
import { namespaceRoutes } from './namespaces.ts'
import { organisationRoutes } from './organisations.ts'
import { quotaRoutes } from './quotas.ts'
import { registrationRoutes } from './registration.ts'
import { repositoryRoutes } from './repositories.ts'
import { requestOf } from './request.ts'
import { robotTrustRoutes } from './robot-trusts.ts'
import { robotRoutes } from './robots.ts'
import { serverRoutes } from './server.ts'
import { tagRoutes } from './tags.ts'
import { teamRoutes } from './teams.ts'
import { trashRoutes } from './trash.ts'
import { userRoutes } from './users.ts'
import { webhookRoutes } from './webhooks.ts'

export interface ManagementState {
  readonly version: string
  readonly startCollector: StartCollector | undefined
  readonly accounts: AccountOptions
  readonly notifying: Notifying | undefined
}

/** Answers a request under /api. @throws RegistryError */
export async function management(exchange: Exchange, state: ManagementState): Promise<Response> {
  exchange.route = 'api'
  recordCaller(exchange)
  const request = await requestOf(exchange)
  // A large repository takes as long as it takes.
  exchange.allowSlowness('answered')
  const { version, startCollector, accounts, notifying } = state
  const bindings: ManagementEnv['Bindings'] = { exchange, version, startCollector, accounts, notifying }
  const answer = await api.fetch(request, bindings)
  if (answer.headers.get('content-type') === 'application/jsonl') return streamed(exchange, answer)
  const text = await answer.text()
  exchange.sent = Buffer.byteLength(text)
  const headers = {
    ...apiVersion,
    'Content-Type': 'application/json',
    'Content-Length': String(exchange.sent),
    'Cache-Control': 'no-store',
  }
  const body = exchange.request.method === 'HEAD' ? null : text
  return new Response(body, { status: answer.status, headers })
}

/** As long as it is, and as fast as it is taken. */
function streamed({ request, allowSlowness }: Exchange, answer: Response): Response {
  allowSlowness('streamed')
  const headers = { ...apiVersion, 'Content-Type': 'application/jsonl', 'Cache-Control': 'no-store' }
  if (request.method !== 'HEAD') return new Response(answer.body, { status: answer.status, headers })
  answer.body?.cancel()
  return new Response(null, { status: answer.status, headers })
}

const contentRoutes = [repositoryRoutes, tagRoutes, trashRoutes]
const accountRoutes = [
  userRoutes,
  directoryRoutes,
  registrationRoutes,
  organisationRoutes,
  memberRoutes,
  teamRoutes,
  robotRoutes,
  robotTrustRoutes,
  accessTokenRoutes,
  namespaceRoutes,
  quotaRoutes,
  grantRoutes,
]

export const api = createApi()

function createApi(): ManagementApp {
  const app: ManagementApp = new OpenAPIHono<ManagementEnv>({
    // As it arrived: a name's slashes are percent-encoded, and must stay so until it is matched.
    getPath: (_request, options) => (options as { env: ManagementEnv['Bindings'] }).env.exchange.path,
    defaultHook: (result) => {
      if (result.success) return
      const [issue] = result.error.issues
      const path = issue?.path.join('.')
      throw new RegistryError('PARAMETER_INVALID', `${path ? `${path}: ` : ''}${issue?.message}`, {
        detail: { in: result.target, issues: result.error.issues.slice(0, 20) },
      })
    },
  })
  const routes = app.basePath('/api/v1')
  for (const register of [...contentRoutes, ...accountRoutes, auditRoutes, webhookRoutes, serverRoutes])
    register(routes)
  documentRoute(app, routes)
  app.notFound((c) => {
    throw unknownRoute(app, c.env.exchange.path)
  })
  app.onError((error) => {
    throw error instanceof HTTPException ? new RegistryError('PARAMETER_INVALID', error.message) : error
  })
  return app
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

function unknownRoute(app: ManagementApp, path: string): RegistryError {
  const allow = methods.filter((method) => app.router.match(method, path)[0].length > 0)
  if (allow.length > 0)
    return new RegistryError('METHOD_NOT_ALLOWED', `this path takes ${allow.join(', ')}`, {
      detail: { allow },
    })
  return new RegistryError(
    'ROUTE_UNKNOWN',
    'there is nothing at this path; /api/openapi.json describes the API, and slashes in names are written %2F',
  )
}
