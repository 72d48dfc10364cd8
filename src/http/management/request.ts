import { RegistryError } from '../../oci/errors.ts'
import { limitReached } from '../../oci/limit-reached.ts'
import { readBody } from '../body.ts'
import type { Exchange } from '../exchange.ts'

/**
 * The request with its body read. A body must be said to be JSON: a page of another site can't make a browser send
 * that without asking the registry first, and can so change nothing in a registry on the visitor's own machine.
 * @throws MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE, TOO_SLOW
 */
export async function requestOf(exchange: Exchange): Promise<Request> {
  const { request } = exchange
  const { method, headers } = request
  // Routes go by the exchange's path; of the URL only the query counts.
  const url = `http://localhost/?${exchange.search}`
  if (method === 'HEAD') return new Request(url, { method: 'GET', headers })
  if (method === 'GET' || method === 'DELETE') return new Request(url, { method, headers })
  if (!/^application\/json\s*(;|$)/i.test(headers.get('content-type') ?? '')) {
    throw new RegistryError(
      'MEDIA_TYPE_UNSUPPORTED',
      `a ${method} needs the header Content-Type: application/json`,
    )
  }
  const most = exchange.limits.requestSize
  const body = await readBody(exchange, {
    most,
    tooLarge: () =>
      limitReached('BODY_TOO_LARGE', `a request of this API has at most ${most} bytes`, {
        setting: 'limits.request-size',
        limit: most,
      }),
  })
  return new Request(url, { method, headers, body: body.length === 0 ? '{}' : body })
}
