import { RegistryError } from '../../oci/errors.ts'
import type { Exchange } from '../exchange.ts'

/** Far more than any request of the API needs. Bytes. */
const largestBody = 64 * 1024

/**
 * The request with its body read. A body must be said to be JSON: a page of another site can't make a browser send
 * that without asking the registry first, and can so change nothing in a registry on the visitor's own machine.
 * @throws MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE
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
  const body = await readBody(exchange)
  return new Request(url, { method, headers, body: body.length === 0 ? '{}' : body })
}

async function readBody(exchange: Exchange): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  const { body } = exchange.request
  if (Number(exchange.request.headers.get('content-length')) > largestBody) throw tooLarge()
  for await (const chunk of (body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    exchange.received += chunk.length
    if (exchange.received > largestBody) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(): RegistryError {
  return new RegistryError(
    'BODY_TOO_LARGE',
    `a request of this API has at most ${largestBody} bytes (64 KiB)`,
  )
}
