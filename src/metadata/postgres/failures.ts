import { DatabaseError } from 'pg'
import { RegistryError } from '../../oci/errors.ts'

/**
 * What a failure means for the transaction, or the query, that met it.
 * `conflict`: another transaction was in the way, and trying again is what helps;
 * `broken`: the connection is gone, or leads to a server that can't be written;
 * `refused`: the database gave up on this alone, and said so;
 * `full`: it has no room.
 */
export type Failure = 'conflict' | 'broken' | 'busy' | 'refused' | 'full' | 'fault'

/** All connections were taken for as long as a request waits. */
export const busyMessage = 'timeout exceeded when trying to connect'

export function failureOf(error: unknown): Failure {
  if (error instanceof RegistryError) return 'fault'
  if (error instanceof DatabaseError) return byCode(error.code ?? '')
  if (!(error instanceof Error)) return 'fault'
  if (error.message === busyMessage) return 'busy'
  if (isSocketError(error) || brokenMessages.test(error.message)) return 'broken'
  return 'fault'
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function byCode(code: string): Failure {
  // serialization_failure, deadlock_detected: nothing was done.
  if (code === '40001' || code === '40P01') return 'conflict'
  // disk_full
  if (code === '53100') return 'full'
  // query_canceled (a statement that took too long), lock_not_available, and resources that are short.
  if (code === '57014' || code === '55P03' || code === '53200' || code === '53400' || code === '58030')
    return 'refused'
  // Connections that end, servers that start, stop, have no room for another or are only a copy.
  if (code.startsWith('08') || code.startsWith('57P') || code === '53300') return 'broken'
  return brokenCodes.has(code) ? 'broken' : 'fault'
}

/** read_only_sql_transaction; idle_in_transaction_session_timeout, transaction_timeout */
const brokenCodes: ReadonlySet<string> = new Set(['25006', '25P03', '25P04'])

/** What the driver says, in words alone, of connections that end or never come to be. */
const brokenMessages =
  /^(?:Connection terminated|Client has encountered a connection error|Query read timeout|Client was closed|timeout expired|The server does not support SSL|Connection ended|Not queryable|terminating connection)/

function isSocketError(error: Error): boolean {
  const { code, errors } = error as Error & { code?: unknown; errors?: unknown }
  // Several addresses of one name, each with its own failure.
  if (Array.isArray(errors)) return errors.some((one) => one instanceof Error && isSocketError(one))
  return typeof code === 'string' && socketCodes.test(code)
}

const socketCodes =
  /^(?:ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|ENOTFOUND|EAI_AGAIN|ENOENT|EADDRNOTAVAIL|ERR_SOCKET\w*|ERR_STREAM\w*)$/

/** For the log: what happened, without what the statement or the connection held. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, errors } = error as Error & { code?: string; errors?: unknown[] }
  const message = error.message || (Array.isArray(errors) ? errors.map(reasonOf).join('; ') : error.name)
  return code && !message.includes(code) ? `${message} (${code})` : message
}

/** What a request is told that can't be done for now: nothing was changed. */
export function unavailable(error: unknown): RegistryError {
  const cause = new Error(reasonOf(error))
  switch (failureOf(error)) {
    case 'full':
      return new RegistryError(
        'STORAGE_FULL',
        'the disk that holds the metadata is full: nothing was changed',
        { cause },
      )
    case 'busy':
      return new RegistryError(
        'STORAGE_UNAVAILABLE',
        'the registry has more to do than its connections to the database can carry (setting metadata.pool): try again later',
        { cause },
      )
    case 'refused':
    case 'conflict':
      return new RegistryError(
        'STORAGE_UNAVAILABLE',
        'the database could not do this in time: nothing was changed; try again later',
        { cause },
      )
    default:
      return new RegistryError(
        'STORAGE_UNAVAILABLE',
        'the database does not answer for now: nothing was changed; try again later',
        { cause },
      )
  }
}

/** The connection broke while the database was to commit: it may have, or not. */
export function outcomeUnknown(error: unknown): RegistryError {
  return new RegistryError(
    'OUTCOME_UNKNOWN',
    'the database went away while it was to record this: it may be done, or not; look, or try again',
    { cause: new Error(reasonOf(error)) },
  )
}
