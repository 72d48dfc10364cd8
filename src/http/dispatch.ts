import type { JournalState } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { tokenPath } from './challenge.ts'
import type { Crew } from './crew.ts'
import { distribution } from './distribution/routes.ts'
import { authorize, type Endpoint, type Exchange } from './exchange.ts'
import { healthz, readyz } from './health.ts'
import type { AccountOptions, Notifying, StartCollector } from './management/environment.ts'
import type { Metrics } from './metrics.ts'
import { ping, search } from './search.ts'
import { publishedKeys, token } from './token/token.ts'
import { welcome } from './welcome.ts'

/** What the routes beside the registry's look at. */
export interface ServerState {
  readonly version: string
  readonly draining: boolean
  readonly metrics: Metrics
  readonly startCollector: StartCollector | undefined
  /** The other processes, where several serve together. */
  readonly crew: Crew | undefined
  readonly accounts: AccountOptions
  readonly notifying: Notifying | undefined
  journal(): JournalState | undefined
}

interface PlainRoute extends Endpoint {
  readonly name: string
}

/** Routes with a path of their own; all of them are read-only. */
function plainRoute(path: string, state: ServerState): PlainRoute | undefined {
  switch (path) {
    case '/':
      return {
        name: 'welcome',
        action: 'server:greet',
        handle: (exchange) => welcome(exchange, state.version),
      }
    case '/healthz':
      return { name: 'healthz', action: 'server:greet', handle: healthz }
    case '/readyz':
      return {
        name: 'readyz',
        action: 'server:greet',
        handle: ({ registry }) =>
          readyz(registry, { draining: state.draining, journal: state.journal(), crew: state.crew }),
      }
    case '/metrics':
      return { name: 'metrics', action: 'server:observe', handle: () => metrics(state) }
    case '/.well-known/jwks.json':
      return { name: 'keys', action: 'server:greet', handle: publishedKeys }
    case '/v1/_ping':
      return { name: 'search', action: 'server:greet', handle: ping }
    case '/v1/search':
      return { name: 'search', action: 'registry:search', handle: search }
    default:
      return undefined
  }
}

/** Finds the route, asks whether the caller may, and answers. @throws RegistryError */
export function dispatch(exchange: Exchange, state: ServerState): Response | Promise<Response> {
  const { path } = exchange
  if (path.startsWith('/v2/') || path === '/v2')
    return path === tokenPath ? token(exchange) : distribution(exchange)
  if (path.startsWith('/api/')) return managed(exchange, state)
  const route = plainRoute(path, state)
  if (!route)
    throw new RegistryError('ROUTE_UNKNOWN', 'there is nothing at this path; the registry is under /v2/')
  exchange.route = route.name
  const { method } = exchange.request
  if (method !== 'GET' && method !== 'HEAD') {
    throw new RegistryError('METHOD_NOT_ALLOWED', 'this path takes GET, HEAD', {
      detail: { allow: ['GET', 'HEAD'] },
    })
  }
  const allowed = authorize(exchange, route.action, undefined)
  return allowed ? allowed.then(() => route.handle(exchange)) : route.handle(exchange)
}

/** Loaded when it is first asked for: most servers answer pulls for hours before that. */
async function managed(exchange: Exchange, state: ServerState): Promise<Response> {
  const { management } = await import('./management/api.ts')
  return management(exchange, state)
}

async function metrics({ metrics: measured, crew }: ServerState): Promise<Response> {
  const text = await measured.render(await crew?.gatherMetrics())
  return new Response(text, { headers: { 'Content-Type': measured.contentType } })
}
