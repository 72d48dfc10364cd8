import type { Digest } from '../oci/digest.ts'

/** On every answer. */
export const apiVersion = { 'Docker-Distribution-Api-Version': 'registry/2.0' } as const

/** What a digest names never changes; whether the caller may read it must be asked each time. */
export const immutable = 'private, max-age=31536000, immutable'

export function etag(digest: Digest): string {
  return `"${digest}"`
}

/** How a caller stands with his limit of pulls, as Docker Hub tells it. */
export function rateLimitHeaders(standing: {
  readonly most: number
  /** Milliseconds. */
  readonly window: number
  readonly remaining: number
  /** His address or account. */
  readonly source: string
}): Record<string, string> {
  const window = `w=${Math.round(standing.window / 1000)}`
  return {
    'RateLimit-Limit': `${standing.most};${window}`,
    'RateLimit-Remaining': `${standing.remaining};${window}`,
    'Docker-RateLimit-Source': standing.source,
  }
}

/** Whether If-None-Match says that the client has this already (RFC 9110, 13.1.2). */
export function clientHas(request: Request, digest: Digest): boolean {
  const header = request.headers.get('if-none-match')
  if (!header) return false
  return header.split(',').some((entry) => {
    const tag = entry.trim()
    return tag === '*' || tag.replace(/^W\//, '') === etag(digest)
  })
}

/**
 * Headers that depend on one object alone, made once for it: a record of them costs as much as the rest of an answer
 * out of memory. A response copies them, so that nobody changes the shared ones.
 */
export function headersPerObject<T extends object>(
  make: (object: T) => Record<string, string>,
): (object: T) => Headers {
  const made = new WeakMap<T, Headers>()
  return (object) => {
    let headers = made.get(object)
    if (!headers) {
      headers = new Headers(make(object))
      made.set(object, headers)
    }
    return headers
  }
}
