import type {
  EnvelopeVersion,
  EventOrigin,
  EventTarget,
  NotifiedAction,
  StoredDelivery,
} from '../metadata/metadata-store.ts'

/** Which process tells: it goes into every event. */
export interface EventSource {
  /** Host and port. */
  readonly address: string
  /** Another after each start. */
  readonly instance: string
  /** How clients reach the registry, for events that came with no request; undefined: not known. */
  readonly url: string | undefined
}

/** What is to be told: what a delivery stores, and what a test makes up. */
export interface ToldEvent {
  /** What receivers tell events apart by. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly action: NotifiedAction | 'ping'
  readonly repository: string
  readonly target: EventTarget
  readonly origin: EventOrigin
}

export function toldEventOf(delivery: StoredDelivery): ToldEvent {
  return {
    id: delivery.event,
    at: delivery.created_at,
    action: delivery.action,
    repository: delivery.repository,
    target: JSON.parse(delivery.target),
    origin: JSON.parse(delivery.origin),
  }
}

/** Distribution 3 says v2, all before it v1; the fields are the same. */
export function envelopeMediaType(version: EnvelopeVersion): string {
  return `application/vnd.docker.distribution.events.${version}+json`
}

/**
 * The envelope as distribution 3 sends it: https://distribution.github.io/distribution/about/notifications. What a
 * deletion does not know is there and empty, as it is there.
 */
export function envelopeOf(event: ToldEvent, source: EventSource): string {
  const { id, at, action, repository, target, origin } = event
  const { caller, kind, address, request, http } = origin
  return JSON.stringify({
    events: [
      {
        id,
        timestamp: new Date(at).toISOString(),
        action,
        target: targetOf(target, { repository, url: http?.origin ?? source.url }),
        request: {
          id: request ?? '',
          ...(address !== null && { addr: address }),
          ...(http && { host: new URL(http.origin).host }),
          method: http?.method ?? '',
          useragent: http?.userAgent ?? '',
        },
        actor: kind === 'anonymous' ? {} : { name: caller },
        source: { addr: source.address, instanceID: source.instance },
      },
    ],
  })
}

function targetOf(
  { kind, mediaType = '', digest = '', size = 0, tag, from }: EventTarget,
  { repository, url }: { repository: string; url: string | undefined },
) {
  // What was deleted has no address any more.
  const there = mediaType !== '' && url !== undefined
  return {
    mediaType,
    digest,
    size,
    ...(size > 0 && { length: size }),
    repository,
    ...(from !== undefined && { fromRepository: from }),
    ...(there && { url: `${url}/v2/${repository}/${kind === 'blob' ? 'blobs' : 'manifests'}/${digest}` }),
    ...(tag !== undefined && { tag }),
  }
}
