import type { Digest } from '../oci/digest.ts'

/** On every answer. */
export const apiVersion = { 'Docker-Distribution-Api-Version': 'registry/2.0' } as const

/** What a digest names never changes; whether the caller may read it must be asked each time. */
export const immutable = 'private, max-age=31536000, immutable'

export function etag(digest: Digest): string {
  return `"${digest}"`
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
