import type { Action, Decide, Identity } from '../access/decide.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Call, Registry } from '../registry/registry.ts'
import { apiVersion } from './headers.ts'

/** One request on its way to its answer. */
export interface Exchange {
  readonly request: Request
  /** For the log, and for whoever reports a failure. */
  readonly id: string
  /** As it arrived, without the query; never decoded. */
  readonly path: string
  /** Behind the question mark; empty without one. */
  readonly search: string
  readonly identity: Identity
  readonly decide: Decide
  readonly registry: Registry
  /** The address of who asks; that of the proxy where one stands between. */
  client(): string
  /** Never cut off a client that reads slowly, or that waits long for an answer. */
  allowSlowness(): void
  /** The route's name, for logs and metrics. */
  route: string
  /** Bytes of the body that were taken in. */
  received: number
  /** Bytes of the answer's body, as announced. */
  sent: number
}

export type Handler = (exchange: Exchange) => Response | Promise<Response>

/** What a request may do, and who does it: asked by the dispatcher before any handler runs. */
export interface Endpoint {
  readonly action: Action
  readonly handle: Handler
}

/** @throws UNAUTHORIZED when the decision is no */
export function authorize(exchange: Exchange, action: Action, repository: RepositoryName | undefined): void {
  const decision = exchange.decide(exchange.identity, action, repository)
  if (!decision.allow) throw new RegistryError('UNAUTHORIZED', decision.reason)
}

export function callOf(exchange: Exchange, repository: RepositoryName): Call {
  return {
    repository,
    caller: exchange.identity.name,
    mayPush: exchange.decide(exchange.identity, 'repository:push', repository).allow,
  }
}

const noParameters = new URLSearchParams()

export function parameters(exchange: Exchange): URLSearchParams {
  return exchange.search === '' ? noParameters : new URLSearchParams(exchange.search)
}

/** An answer in JSON, with the headers of every answer. */
export function json(exchange: Exchange, body: unknown, headers: Record<string, string> = {}): Response {
  const text = JSON.stringify(body)
  exchange.sent = Buffer.byteLength(text)
  return new Response(text, { headers: { ...apiVersion, 'Content-Type': 'application/json', ...headers } })
}
