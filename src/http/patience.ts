import type { Exchange } from './exchange.ts'
import type { BunServer } from './listeners.ts'

/** Bun's longest wait. Seconds. */
const longest = 255

/**
 * How long Bun waits on a request's connection. Left to itself it also ends, without an answer, whatever sends less than
 * 16 KiB for each second of its patience, and requests whose answer takes longer than that.
 * @param usual seconds
 */
export function patienceWith(
  request: Request,
  server: BunServer,
  usual: number,
): Pick<Exchange, 'allowSlowness' | 'answered'> {
  let untilAnswered = false
  return {
    allowSlowness(until) {
      untilAnswered = until === 'answered'
      // Behind a file Bun goes back to its usual wait by itself, behind a stream it does not.
      server.timeout(request, until === 'streamed' ? longest : 0)
    },
    // Without an end, a connection that nobody uses any more would stay for good.
    answered() {
      if (untilAnswered) server.timeout(request, usual)
    },
  }
}
