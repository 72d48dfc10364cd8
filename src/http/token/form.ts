import { RegistryError } from '../../oci/errors.ts'
import { limitReached } from '../../oci/limit-reached.ts'
import { readBody } from '../body.ts'
import type { Exchange } from '../exchange.ts'

/** The parameters of a POST. @throws MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE, TOO_SLOW */
export async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  const { request } = exchange
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new RegistryError(
      'MEDIA_TYPE_UNSUPPORTED',
      'a POST for a token needs the header Content-Type: application/x-www-form-urlencoded',
    )
  }
  const most = exchange.limits.requestSize
  const body = await readBody(exchange, {
    most,
    tooLarge: () =>
      limitReached('BODY_TOO_LARGE', `a request for a token has at most ${most} bytes`, {
        setting: 'limits.request-size',
        limit: most,
      }),
  })
  return new URLSearchParams(Buffer.from(body).toString('utf8'))
}
