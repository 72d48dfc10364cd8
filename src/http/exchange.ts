import { attributionOf, inTheNameOf } from '../access/attribution.ts'
import type { Action, Decide, Decision, Identity, Resource } from '../access/decide.ts'
import { type Refused, refusal } from '../access/refusals.ts'
import type { Callers } from '../access/sign-in/open-sign-in.ts'
import type { Attribution } from '../metadata/changes/attribution.ts'
import type { Visibility } from '../metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { RecordsAudit } from '../registry/audit/recorder.ts'
import type { Call, Registry } from '../registry/registry.ts'
import type { BodyLimits } from './body-limits.ts'
import type { PullLimits } from './distribution/pull-limits.ts'
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
  /** Anonymous until it is known who sent it. */
  identity: Identity
  /** Undefined: nobody can sign in. */
  readonly callers: Callers | undefined
  readonly decide: Decide
  /** Records what changes nothing; undefined: nobody does. */
  readonly audit: RecordsAudit | undefined
  /** Its changes are recorded as the caller's, where the request may make some. */
  registry: Registry
  /** Undefined: everybody may pull as much as he likes. */
  readonly pullLimits: PullLimits | undefined
  /** The address that it came from, in front of trusted proxies. */
  client(): string
  /** How the client reaches the registry, in front of trusted proxies: `https://registry.example.com`. */
  origin(): string
  /** What its body may be. */
  readonly limits: BodyLimits
  /**
   * Never cut off a client that sends slowly or waits long for its answer, or that reads it slowly; while an answer is
   * streamed, only where nothing moves for minutes.
   */
  allowSlowness(until: 'answered' | 'sent' | 'streamed'): void
  /** Its answer is there: whoever is slow from now on is cut off again. */
  answered(): void
  /** Whether the caller may push where he was allowed to do what he asks for. */
  mayPush: boolean
  /** Whether he has just signed in. */
  fresh: boolean
  /** Whether what he may do something to is for everybody; undefined: that was not asked. */
  visibility: Visibility | undefined
  /** What he was last asked to be allowed. */
  asked: Asked | undefined
  /** What he may not do; undefined: nothing so far. The challenge of a 401 goes by it. */
  refused: Refused | undefined
  /** The route's name, for logs and metrics. */
  route: string
  /** Bytes of the body that were taken in. */
  received: number
  /** Bytes of the answer's body, as announced. */
  sent: number
}

export interface Asked {
  readonly action: Action
  readonly resource: Resource
}

export type Handler = (exchange: Exchange) => Response | Promise<Response>

/** What a request may do, and who does it: asked by the dispatcher before any handler runs. */
export interface Endpoint {
  readonly action: Action
  readonly handle: Handler
}

/**
 * Asks whether the caller may, and goes on at once where nothing must be looked up.
 * @throws UNAUTHORIZED, DENIED, or what is said of things that are not there
 */
export function authorize(exchange: Exchange, action: Action, resource: Resource): void | Promise<void> {
  const asked = { action, resource }
  exchange.asked = asked
  const decision = exchange.decide(exchange.identity, action, resource)
  if (decision instanceof Promise) return later(exchange, decision, asked)
  goOn(exchange, decision, asked)
}

async function later(exchange: Exchange, decision: Promise<Decision>, asked: Asked): Promise<void> {
  goOn(exchange, await decision, asked)
}

function goOn(exchange: Exchange, decision: Decision, asked: Asked): void {
  if (!decision.allow) refuse(exchange, { ...asked, because: decision.because })
  exchange.mayPush = decision.mayPush
  exchange.visibility = decision.visibility
}

function refuse(exchange: Exchange, refused: Refused): never {
  exchange.refused = refused
  throw refusal(refused)
}

/** From here on what the request changes is recorded as its caller's. */
export function recordCaller(exchange: Exchange): void {
  const { registry } = exchange
  exchange.registry = { ...registry, metadata: inTheNameOf(registry.metadata, callerOf(exchange)) }
}

/** Who sent the request, for the record of what it did. */
export function callerOf(exchange: Exchange): Attribution {
  const { identity, request } = exchange
  return attributionOf(identity, {
    address: exchange.client(),
    request: exchange.id,
    http: {
      method: request.method,
      origin: exchange.origin(),
      // A database refuses NUL as text; nobody needs more of it than this.
      userAgent: (request.headers.get('user-agent') ?? '').replaceAll('\0', '').slice(0, 300),
    },
  })
}

export function callOf(exchange: Exchange, repository: RepositoryName): Call {
  return { repository, caller: exchange.identity.name, mayPush: exchange.mayPush }
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
