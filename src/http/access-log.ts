import type { Logger } from '../logging/logger.ts'

export interface Access {
  readonly id: string
  readonly method: string
  /** The route's name; with the target it tells what was asked for. */
  readonly route: string
  /** Path and query as they arrived. */
  readonly target: string
  readonly status: number
  /** Bytes of the body taken in, and of the answer's as announced: a download may go on after the line is written. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Milliseconds until the answer was ready to be sent. */
  readonly duration: number
  readonly client: string
  readonly caller: string
  readonly userAgent: string
}

/** Writes one line for each request. */
export function logAccess(logger: Logger, access: Access): void {
  logger.info('request', {
    request: access.id,
    method: access.method,
    route: access.route,
    target: access.target,
    status: access.status,
    bytes_in: access.bytesIn,
    bytes_out: access.bytesOut,
    duration_ms: Math.round(access.duration * 1000) / 1000,
    client: access.client,
    caller: access.caller,
    user_agent: access.userAgent,
  })
}
