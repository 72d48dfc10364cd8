import type { RegistryError } from '../oci/errors.ts'
import { limitReached, type ReachedLimit } from '../oci/limit-reached.ts'
import type { Pace } from './body-pace.ts'
import type { Exchange } from './exchange.ts'
import { WatchedBody } from './watched-body.ts'

/**
 * A blob's bytes in pieces, as they arrive. What arrives is counted for the log and the metrics.
 * @throws TOO_SLOW while it is read
 */
export function uploadBody(exchange: Exchange): AsyncIterable<Uint8Array> | null {
  const { body } = exchange.request
  if (!body) return null
  const { firstByte, pause, uploadRate: rate, uploadWindow: window } = exchange.limits
  return pieces(exchange, body, { firstByte, pause, whole: 0, rate, window })
}

/**
 * A body that is held in memory.
 * @param most bytes
 * @throws TOO_SLOW, and `tooLarge` as soon as it is known, without keeping the rest
 */
export async function readBody(
  exchange: Exchange,
  { most, tooLarge }: { most: number; tooLarge: () => Error },
): Promise<Uint8Array<ArrayBuffer>> {
  const { body, headers } = exchange.request
  if (Number(headers.get('content-length')) > most) throw tooLarge()
  if (!body) return new Uint8Array()
  const { firstByte, pause, whole } = exchange.limits
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of pieces(exchange, body, { firstByte, pause, whole, rate: 0, window: 0 })) {
    if (exchange.received > most) throw tooLarge()
    chunks.push(chunk as Uint8Array<ArrayBuffer>)
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

async function* pieces(
  exchange: Exchange,
  body: ReadableStream<Uint8Array>,
  pace: Pace,
): AsyncGenerator<Uint8Array> {
  // Bun would end, without an answer, whatever brings less than 16 KiB for each second of its patience.
  exchange.allowSlowness('answered')
  const watched = new WatchedBody(body, { pace, refuse: tooSlow })
  let between = false
  try {
    for (;;) {
      const { done, value } = await watched.next()
      if (done) return
      exchange.received += value.length
      between = true
      yield value
      between = false
    }
  } finally {
    if (between) await watched.leave()
  }
}

function tooSlow(missed: ReachedLimit): RegistryError {
  return limitReached('TOO_SLOW', slowness[missed.setting]?.(missed.limit) ?? 'the body is too slow', missed)
}

const goOn = 'an upload goes on from the offset that its status tells; anything else is to be sent again'

const slowness: { readonly [N in ReachedLimit['setting']]?: (limit: number) => string } = {
  'limits.first-byte': (limit) =>
    `no byte of the request's body arrived within ${seconds(limit)} after its headers: send the body right behind them`,
  'http.idle-timeout': (limit) => `the request's body paused for ${seconds(limit)}: ${goOn}`,
  'limits.body-time': (limit) =>
    `the request's body was not complete within ${seconds(limit)}: send it again over a faster connection`,
  'limits.upload-rate': (limit) =>
    `the upload brings less than ${limit} bytes a second: ${goOn}, over a faster connection`,
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`
}
