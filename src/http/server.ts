import { anonymous, type Decide } from '../access/decide.ts'
import type { Callers } from '../access/sign-in/open-sign-in.ts'
import { createPasswordHasher } from '../access/sign-in/password-hashes.ts'
import type { Logger } from '../logging/logger.ts'
import type { Measurement } from '../logging/measurement.ts'
import type { JournalState } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { limitOf } from '../oci/limit-reached.ts'
import type { RecordsAudit } from '../registry/audit/recorder.ts'
import type { Registry } from '../registry/registry.ts'
import { logAccess } from './access-log.ts'
import { auditFailure, auditFreshSignIn } from './audit.ts'
import type { BodyLimits } from './body-limits.ts'
import { challengeOf } from './challenge.ts'
import { type AllowedOrigins, allowOrigin, preflight } from './cors.ts'
import type { Crew } from './crew.ts'
import { dispatch } from './dispatch.ts'
import type { PullLimits } from './distribution/pull-limits.ts'
import { errorResponse, faultResponse } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { type Forwarding, forwarding } from './forwarding.ts'
import { type Address, type BunServer, Listeners, type OpenListener, requireFree } from './listeners.ts'
import type { AccountOptions, Notifying, StartCollector } from './management/environment.ts'
import { Metrics } from './metrics.ts'
import { patienceWith } from './patience.ts'
import type { ProcessMetrics } from './process-metrics.ts'
import { recognise } from './recognise.ts'
import { StorageMeter } from './storage-meter.ts'
import type { ListenerTls, RenewsTls } from './tls/tls.ts'

export interface ServerOptions {
  readonly registry: Registry
  readonly decide: Decide
  /** How callers are told apart; undefined: everybody is anonymous. */
  readonly callers?: Callers | undefined
  /** What the management of accounts keeps to; undefined: nobody makes an account of his own. */
  readonly accounts?: AccountOptions
  /** What sends requests to webhooks; without it the API refuses to look after any. */
  readonly notifying?: Notifying
  /** Where requests come from in front of proxies; undefined: from where they come. */
  readonly forwarding?: Forwarding
  /** Records pulls, sign-ins and refusals; undefined: nobody does. */
  readonly audit?: RecordsAudit | undefined
  /** Undefined: everybody may pull as much as he likes. */
  readonly pullLimits?: PullLimits | undefined
  readonly logger: Logger
  readonly version: string
  readonly listen: readonly Address[]
  /** What every listener speaks TLS with; undefined: they speak plain HTTP. */
  readonly tls?: ListenerTls | undefined
  readonly origins: AllowedOrigins
  /** Milliseconds, at most 255,000, until a connection is closed that sends no whole request; downloads have no such end. */
  readonly idleTimeout: number
  readonly limits: BodyLimits
  /** Starts a run of the collector in the background; without it the API refuses to. @returns false where one runs */
  readonly startCollector?: StartCollector
  /** How far the journal is; undefined: there is none, or nothing to tell yet. */
  journal?(): JournalState | undefined
  /** What else the metrics show. */
  readonly measurements: readonly Measurement[]
  /** The other processes that listen on the same addresses; without it, this one is alone. */
  readonly crew?: Crew
}

export interface RunningServer extends RenewsTls {
  readonly urls: readonly string[]
  /** What this process measured. */
  measured(): Promise<ProcessMetrics>
  /** Takes no new connection, and resolves when the last request is answered. */
  drain(): Promise<void>
  /** Cuts off what still runs. */
  close(): Promise<void>
}

/** Larger than any blob: the storage decides, not the server. Bytes. */
const largestBody = 2 ** 45

export function startServer(options: ServerOptions): RunningServer {
  const front = new Front(options)
  const opener =
    (tls: ListenerTls | undefined): OpenListener =>
    ({ hostname, port }, joins) => {
      // Another server's port is found taken although listeners that can be replaced share theirs.
      if (tls && !joins && !options.crew) requireFree({ hostname, port })
      return Bun.serve({
        hostname,
        port,
        ...(tls && { tls }),
        reusePort: tls !== undefined || options.crew !== undefined,
        maxRequestBodySize: largestBody,
        idleTimeout: front.idleSeconds,
        fetch: (request, server) => front.answer(request, server),
        error: (error) => front.failedToSend(error),
      })
    }
  const listeners = new Listeners(options.listen, opener(options.tls))
  front.listeners = listeners
  return {
    urls: listeners.urls,
    renewTls: (tls) => listeners.replace(opener(tls)),
    measured: () => front.metrics.own(),
    drain() {
      front.draining = true
      return listeners.drain()
    },
    close: () => listeners.close(),
  }
}

/** Stands before the routes: gives each request its number, its line in the log and its place in the metrics. */
class Front {
  listeners: Listeners | undefined
  draining = false
  readonly version: string
  readonly metrics: Metrics
  readonly startCollector: StartCollector | undefined
  readonly crew: Crew | undefined
  readonly accounts: AccountOptions
  readonly idleSeconds: number
  readonly notifying: Notifying | undefined
  readonly #options: ServerOptions
  readonly #forwarding: Forwarding
  readonly #idPrefix = crypto.randomUUID().slice(0, 8)
  #requests = 0

  constructor(options: ServerOptions) {
    this.#options = options
    this.#forwarding = options.forwarding ?? forwarding({ url: undefined, trustedProxies: [] })
    this.version = options.version
    this.idleSeconds = Math.ceil(options.idleTimeout / 1000)
    this.startCollector = options.startCollector
    this.crew = options.crew
    this.accounts = options.accounts ?? { hasher: createPasswordHasher(), registration: 'off' }
    this.notifying = options.notifying
    const { metadata, blobs, rules } = options.registry
    const storage = new StorageMeter(metadata, () => options.registry.now())
    this.metrics = new Metrics(
      {
        openUploads: () => metadata.countUploads(),
        storage: () => storage.read(),
        freeSpace: async () => blobs.freeSpace?.(),
        nearQuotas: () => metadata.countNearLimits(rules.quota ?? { bytes: null, repositories: null }),
        requestsInFlight: () => this.listeners?.pendingRequests ?? 0,
      },
      options.version,
    )
    this.metrics.add(options.measurements)
  }

  journal(): JournalState | undefined {
    return this.#options.journal?.()
  }

  async answer(request: Request, server: BunServer): Promise<Response> {
    const started = performance.now()
    const exchange = this.#exchange(request, server)
    let response: Response
    try {
      const recognised = recognise(exchange)
      if (recognised) await recognised
      response = await dispatch(exchange, this)
    } catch (error) {
      auditFailure(exchange, error)
      response = this.#failure(exchange, error)
    }
    if (exchange.fresh) auditFreshSignIn(exchange)
    exchange.answered()
    if (this.#options.origins.size > 0) response = this.#withOrigin(request, response)
    this.#record(exchange, response, performance.now() - started)
    return response
  }

  /** Called when an answer's file could not be opened: it was removed after its row was read. */
  failedToSend(error: Error & { code?: string }): Response {
    if (error.code === 'ENOENT')
      return errorResponse(new RegistryError('BLOB_UNKNOWN', 'the repository holds no such blob'))
    const id = this.#nextId()
    this.#options.logger.error('an answer could not be sent', { request: id, error: error.message })
    return faultResponse(id)
  }

  #exchange(request: Request, server: BunServer): Exchange {
    const { url } = request
    // Without a Host that can be one, the URL is the path alone.
    const pathStart = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + 3)
    const question = url.indexOf('?', pathStart)
    let client: string | undefined
    const patience = patienceWith(request, server, this.idleSeconds)
    return {
      request,
      id: this.#nextId(),
      path: question < 0 ? url.slice(pathStart) : url.slice(pathStart, question),
      search: question < 0 ? '' : url.slice(question + 1),
      identity: anonymous,
      callers: this.#options.callers,
      decide: this.#options.decide,
      audit: this.#options.audit,
      registry: this.#options.registry,
      pullLimits: this.#options.pullLimits,
      client: () => (client ??= this.#forwarding.clientOf(request, peerOf(request, server))),
      origin: () => this.#forwarding.originOf(request, peerOf(request, server)),
      limits: this.#options.limits,
      allowSlowness: patience.allowSlowness,
      answered: patience.answered,
      mayPush: false,
      fresh: false,
      visibility: undefined,
      asked: undefined,
      refused: undefined,
      route: 'other',
      received: 0,
      sent: 0,
    }
  }

  #nextId(): string {
    this.#requests += 1
    return `${this.#idPrefix}-${this.#requests.toString(36)}`
  }

  #failure(exchange: Exchange, error: unknown): Response {
    const { logger } = this.#options
    if (error instanceof RegistryError) {
      const limit = limitOf(error)
      if (limit) this.metrics.refuse(limit)
      this.metrics.refusedByQuota(error.code)
      // What the storage says, the operator must see; what a client sent wrong, nobody.
      if (error.cause && (error.code.startsWith('STORAGE_') || error.code === 'OUTCOME_UNKNOWN')) {
        logger.warn(error.message, { request: exchange.id, code: error.code, cause: String(error.cause) })
      }
      if (error.code.endsWith('_DAMAGED'))
        logger.warn(error.message, { request: exchange.id, code: error.code })
      return withChallenge(exchange, error)
    }
    if (exchange.request.signal.aborted) return new Response(null, { status: 499 })
    logger.error('a request failed', {
      request: exchange.id,
      method: exchange.request.method,
      target: exchange.path,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return faultResponse(exchange.id)
  }

  #withOrigin(request: Request, response: Response): Response {
    return allowOrigin(request, preflight(request) ?? response, this.#options.origins)
  }

  #record(exchange: Exchange, response: Response, duration: number): void {
    const { request } = exchange
    const bytesOut = request.method === 'HEAD' ? 0 : exchange.sent
    this.metrics.measure({
      route: exchange.route,
      method: request.method,
      status: response.status,
      seconds: duration / 1000,
      bytesIn: exchange.received,
      bytesOut,
    })
    const { logger } = this.#options
    if (!logger.writes('info')) return
    logAccess(logger, {
      id: exchange.id,
      method: request.method,
      route: exchange.route,
      target: exchange.search === '' ? exchange.path : `${exchange.path}?${exchange.search}`,
      status: response.status,
      bytesIn: exchange.received,
      bytesOut,
      duration,
      client: exchange.client(),
      caller: exchange.identity.name,
      userAgent: request.headers.get('user-agent') ?? '',
    })
  }
}

function withChallenge(exchange: Exchange, error: RegistryError): Response {
  const response = errorResponse(error)
  const challenge = response.status === 401 ? challengeOf(exchange, error) : undefined
  if (challenge !== undefined) response.headers.set('WWW-Authenticate', challenge)
  return response
}

function peerOf(request: Request, server: BunServer): string {
  return server.requestIP(request)?.address ?? ''
}
