/** Which pages in browsers may call: origins such as https://ui.example.com, or `*` for every one. */
export type AllowedOrigins = ReadonlySet<string>

const exposed = [
  'Content-Length',
  'Content-Range',
  'Docker-Content-Digest',
  'Docker-RateLimit-Source',
  'Docker-Upload-UUID',
  'Link',
  'Location',
  'OCI-Filters-Applied',
  'OCI-Subject',
  'OCI-Tag',
  'Range',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'Retry-After',
  'WWW-Authenticate',
].join(', ')

/** Adds what the browser asks for; without a listed origin the answer stays as it is. */
export function allowOrigin(request: Request, response: Response, origins: AllowedOrigins): Response {
  const origin = request.headers.get('origin')
  const any = origins.has('*')
  // Always: a cache must not give an answer without these headers to a page that needs them.
  if (!any) response.headers.append('Vary', 'Origin')
  if (!origin || (!any && !origins.has(origin))) return response
  response.headers.set('Access-Control-Allow-Origin', any ? '*' : origin)
  // With `*` a browser must send no credentials of its own; a token in a header it may.
  if (!any) response.headers.set('Access-Control-Allow-Credentials', 'true')
  response.headers.set('Access-Control-Expose-Headers', exposed)
  return response
}

/** The answer to a browser's question before its request; undefined for any other request. */
export function preflight(request: Request): Response | undefined {
  if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return undefined
  return new Response(null, {
    status: 204,
    headers: {
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'Access-Control-Allow-Headers': request.headers.get('access-control-request-headers') ?? '',
      'Access-Control-Max-Age': '600',
    },
  })
}
