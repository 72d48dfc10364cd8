import { RegistryError } from '../../oci/errors.ts'
import type { Exchange } from '../exchange.ts'

/** Far more than any form of a client's. Bytes. */
const largestForm = 64 * 1024

/** The parameters of a POST. @throws MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE */
export async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  const { request } = exchange
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new RegistryError(
      'MEDIA_TYPE_UNSUPPORTED',
      'a POST for a token needs the header Content-Type: application/x-www-form-urlencoded',
    )
  }
  if (Number(request.headers.get('content-length')) > largestForm) throw tooLarge()
  const chunks: Uint8Array[] = []
  for await (const chunk of (request.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    exchange.received += chunk.length
    if (exchange.received > largestForm) throw tooLarge()
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

function tooLarge(): RegistryError {
  return new RegistryError(
    'BODY_TOO_LARGE',
    `a request for a token has at most ${largestForm} bytes (64 KiB)`,
  )
}
