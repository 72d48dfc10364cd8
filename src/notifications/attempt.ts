import type { AttemptEnd } from '../metadata/changes/deliveries.ts'
import type { StoredWebhook } from '../metadata/metadata-store.ts'
import { type OutboundAnswer, OutboundFailure, type OutboundRequest } from '../net/outbound-request.ts'
import { type EventSource, envelopeMediaType, envelopeOf, type ToldEvent } from './envelope.ts'
import { signatureHeaders } from './signature.ts'

export interface Sender {
  /** @throws OutboundFailure */
  readonly request: (asked: OutboundRequest) => Promise<OutboundAnswer>
  readonly source: EventSource
  /** `berth/1.2.3`. */
  readonly userAgent: string
  /** For one attempt, milliseconds. */
  readonly timeout: number
  /** Milliseconds since 1970. */
  now(): number
}

/** How one attempt went. */
export interface Attempt {
  readonly delivered: boolean
  /** The answer's; null: there was none. */
  readonly status: number | null
  /** In words; null: it was delivered. */
  readonly problem: string | null
  /** Milliseconds. */
  readonly duration: number
  /** What it says of the webhook, whatever the event. */
  readonly endpoint: AttemptEnd['endpoint']['state'] | 'gone'
  /** When the receiver says that it wants the next one. Milliseconds. */
  readonly retryAfter: number | undefined
}

/** Tells one webhook of one event, once. */
export async function attempt(
  sender: Sender,
  webhook: StoredWebhook,
  event: ToldEvent,
  signal?: AbortSignal,
): Promise<Attempt> {
  const started = performance.now()
  const duration = () => Math.round(performance.now() - started)
  try {
    const answer = await sender.request({ ...requestOf(sender, webhook, event), signal })
    return { ...judge(answer, sender.now()), duration: duration() }
  } catch (error) {
    const endpoint = signal?.aborted ? 'unknown' : 'fails'
    return {
      delivered: false,
      status: null,
      // Whatever it is, it must have an end on record: without one the attempt would be made again and again.
      problem: error instanceof OutboundFailure ? error.message : `it could not be sent: ${error}`,
      duration: duration(),
      endpoint,
      retryAfter: undefined,
    }
  }
}

function requestOf(sender: Sender, webhook: StoredWebhook, event: ToldEvent): OutboundRequest {
  const body = envelopeOf(event, sender.source)
  const now = sender.now()
  const url = new URL(webhook.url)
  const old = (webhook.old_secret_until ?? 0) > now ? webhook.old_secret : null
  const secrets = old === null ? [webhook.secret] : [webhook.secret, old]
  return {
    url,
    method: 'POST',
    headers: {
      ...basicAuthorization(url),
      ...(JSON.parse(webhook.headers) as Record<string, string>),
      'Content-Type': envelopeMediaType(webhook.media_type),
      'Content-Length': String(Buffer.byteLength(body)),
      'User-Agent': sender.userAgent,
      ...signatureHeaders({ id: event.id, timestamp: Math.floor(now / 1000), body }, secrets),
    },
    body,
    timeout: sender.timeout,
    // The status says all: what else a receiver sends, however much and however slowly, is nobody's.
    mostBytes: 0,
  }
}

/** `https://user:password@host` is a way to write it. */
function basicAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/** Of these the next event can't be better off: the receiver is away, overloaded, or not the one that is meant. */
const endpointStatuses: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 421, 425, 429])

function judge({ status, headers }: OutboundAnswer, now: number): Omit<Attempt, 'duration'> {
  const delivered = status >= 200 && status < 300
  if (delivered) return { delivered, status, problem: null, endpoint: 'answers', retryAfter: undefined }
  const retryAfter = retryAfterOf(headers['retry-after'], now)
  const refused = { delivered, status, retryAfter }
  if (status >= 300 && status < 400) {
    const to = headers.location === undefined ? 'elsewhere' : `to ${headers.location.slice(0, 200)}`
    const problem = `the answer was ${status}, a redirect ${to}, which is not followed: set the webhook’s URL to where it leads`
    return { ...refused, problem, endpoint: 'fails' }
  }
  if (status === 410)
    return { ...refused, problem: 'the answer was 410: the receiver is gone', endpoint: 'gone' }
  const endpoint = status >= 500 || endpointStatuses.has(status) ? 'fails' : 'unknown'
  return { ...refused, problem: `the answer was ${status}`, endpoint }
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const at = /^\d{1,9}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
