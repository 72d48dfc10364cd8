import type { Address } from './listeners.ts'
import { type RunningServer, type ServerOptions, startServer } from './server.ts'

/** What a setting says: a host may be a name, and an empty one is every interface. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** An address that can't be listened on; the message says why and what to do. */
export class ListenError extends Error {
  constructor({ host, port }: Listen, cause: unknown) {
    super(`cannot listen on ${host || '*'}:${port}: ${reason(cause)}`, { cause })
    this.name = 'ListenError'
  }
}

/** Starts a server on every address. @throws ListenError */
export async function listenOn(
  addresses: readonly Listen[],
  options: Omit<ServerOptions, 'listen'>,
): Promise<RunningServer> {
  let tried = addresses[0] ?? { host: '', port: 0 }
  try {
    const listen = []
    for (const address of addresses) {
      tried = address
      listen.push(...resolved(address))
    }
    return startServer({ ...options, listen })
  } catch (error) {
    throw new ListenError(tried, error)
  }
}

/** What a setting means on this machine. */
export function resolved(address: Listen): Address[] {
  return hostsOf(address).map((hostname) => ({ hostname, port: address.port }))
}

/** Docker tries ::1 before 127.0.0.1 where localhost is both, so Berth answers on both. */
function hostsOf({ host }: Listen): string[] {
  if (host === 'localhost') return hasIpv6() ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  if (host === '') return [hasIpv6() ? '::' : '0.0.0.0']
  return [host]
}

function hasIpv6(): boolean {
  try {
    Bun.listen({ hostname: '::1', port: 0, socket: { data() {} } }).stop(true)
    return true
  } catch {
    return false
  }
}

function reason(cause: unknown): string {
  const { code, message } = cause as { code?: string; message?: string }
  switch (code) {
    case 'EADDRINUSE':
      return 'something else listens there; stop it, or choose another port with --listen HOST:PORT'
    case 'EACCES':
      return 'this user may not; ports below 1024 need privileges'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address'
    default:
      return message ?? String(cause)
  }
}
