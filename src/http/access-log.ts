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
  // One look at all that comes from outside: nearly every line is of plain texts, and is put together at once.
  if (logger.infoText && isPlain(target + client + caller + access.method)) {
    const agent = agentField(userAgent)
    const who = `${client === '' ? '' : ` client=${client}`}${caller === '' ? '' : ` caller=${caller}`}`
    logger.infoText(
      'request',
      `request=${access.id} method=${access.method} route=${access.route} target=${target} status=${access.status} bytes_in=${access.bytesIn} bytes_out=${access.bytesOut} duration_ms=${inMilliseconds(access.duration)}${who}${agent}`,
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
    duration_ms: Math.round(access.duration * 1000) / 1000,
    client,
    caller,
    user_agent: userAgent,
  })
}

/** `.001` to `.999`, without zeros at the end: to make text of a fraction costs as much as the rest of a line. */
const fractions = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths / 1000).slice(1))

function inMilliseconds(duration: number): string {
  const microseconds = Math.round(duration * 1000)
  return `${Math.floor(microseconds / 1000)}${fractions[microseconds % 1000]}`
}

/** Programs that were seen: there are few, and each has its text to be quoted at every request. */
const agents = new Map<string, string>()
const mostAgents = 1000
const longestAgent = 200

function agentField(userAgent: string): string {
  const known = agents.get(userAgent)
  if (known !== undefined) return known
  const field = userAgent === '' ? '' : ` user_agent=${quoted(userAgent)}`
  if (agents.size >= mostAgents) agents.clear()
  if (userAgent.length <= longestAgent) agents.set(userAgent, field)
  return field
}
