import { isPlain, type Logger, quoted } from '../logging/logger.ts'

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
  const { target, client, caller, userAgent } = access
  const duration = Math.round(access.duration * 1000) / 1000
  // One look at all that comes from outside: nearly every line is of plain texts, and is put together at once.
  if (logger.infoText && isPlain(target + client + caller + access.method)) {
    const agent = userAgent === '' ? '' : ` user_agent=${quoted(userAgent)}`
    const who = `${client === '' ? '' : ` client=${client}`}${caller === '' ? '' : ` caller=${caller}`}`
    logger.infoText(
      'request',
      `request=${access.id} method=${access.method} route=${access.route} target=${target} status=${access.status} bytes_in=${access.bytesIn} bytes_out=${access.bytesOut} duration_ms=${duration}${who}${agent}`,
    )
    return
  }
  logger.info('request', {
    request: access.id,
    method: access.method,
    route: access.route,
    target,
    status: access.status,
    bytes_in: access.bytesIn,
    bytes_out: access.bytesOut,
    duration_ms: duration,
    client,
    caller,
    user_agent: userAgent,
  })
}
