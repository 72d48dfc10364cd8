import { lookup as systemLookup } from 'node:dns/promises'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { AddressGuard } from './public-addresses.ts'

export interface FoundAddress {
  readonly address: string
  readonly family: number
}

/** All addresses of a name, as the system finds them. */
export type FindAddresses = (name: string) => Promise<readonly FoundAddress[]>

export interface OutboundOptions {
  readonly guard: AddressGuard
  /** Undefined: the system's. */
  readonly find?: FindAddresses | undefined
}

export interface OutboundRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** For all of it: to look the name up, to connect, and to the last byte. Milliseconds. */
  readonly timeout: number
  /** Of the answer's body; the connection is closed behind them. Bytes; 0: only the head is waited for. */
  readonly mostBytes: number
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined
}

export interface OutboundAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** As it came, without decompression, cut after `mostBytes`. */
  readonly body: Uint8Array
  readonly cut: boolean
}

/** Why there is no answer; the message says it for people, without what the other side should not learn. */
export class OutboundFailure extends Error {
  readonly kind: 'address' | 'name' | 'timeout' | 'connection'

  constructor(kind: OutboundFailure['kind'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'OutboundFailure'
    this.kind = kind
  }
}

/**
 * Asks a host that a user named. Its name is looked up once, and the addresses that were found good are those that the
 * connection is made to, so that no second answer of the name's server can lead elsewhere. Redirects are not followed,
 * proxies of the environment not used, and no connection is used twice.
 * @throws OutboundFailure
 */
export async function requestOutbound(
  options: OutboundOptions,
  asked: OutboundRequest,
): Promise<OutboundAnswer> {
  const timeout = AbortSignal.timeout(asked.timeout)
  const signal = asked.signal ? AbortSignal.any([timeout, asked.signal]) : timeout
  try {
    const addresses = await until(signal, findAllowed(options, hostOf(asked.url)))
    return await exchange(asked, addresses, signal)
  } catch (error) {
    if (error instanceof OutboundFailure) throw error
    if (timeout.aborted)
      throw new OutboundFailure('timeout', `no whole answer within ${asked.timeout / 1000} s`, error)
    throw new OutboundFailure('connection', connectionProblem(error), error)
  }
}

/** Without the brackets of an IPv6 address. The parser of URLs has made plain addresses of `0x7f.1` and the like. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

/** One address that must not be reached is one too many: who answers for the name decides which is taken. */
async function findAllowed(
  { guard, find = findBySystem }: OutboundOptions,
  host: string,
): Promise<readonly FoundAddress[]> {
  const family = isIP(host)
  const found = family > 0 ? [{ address: host, family }] : await findNamed(find, host)
  for (const { address } of found) {
    const why = guard.refusal(address)
    if (why === undefined) continue
    // Which address it is that only this network knows, is not for everybody who may name a host.
    const which = address === host ? host : `${host} leads to an address that`
    throw new OutboundFailure('address', `${which} may not be reached: ${why}`)
  }
  return found
}

async function findNamed(find: FindAddresses, host: string): Promise<readonly FoundAddress[]> {
  let found: readonly FoundAddress[]
  try {
    found = await find(host)
  } catch (error) {
    throw new OutboundFailure('name', `the name ${host} was not found`, error)
  }
  if (found.length === 0) throw new OutboundFailure('name', `the name ${host} has no address`)
  return found
}

const findBySystem: FindAddresses = (name) => systemLookup(name, { all: true })

function exchange(
  { url, method, headers, body, mostBytes }: OutboundRequest,
  addresses: readonly FoundAddress[],
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>()
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest
  const sent = request(
    {
      host: hostOf(url),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: `${url.pathname}${url.search}`,
      method,
      headers: { ...headers, Connection: 'close' },
      agent: false,
      signal,
      lookup: handOut(addresses),
    },
    (response) => {
      readUpTo(mostBytes, response).then((read) => {
        resolve({ status: response.statusCode ?? 0, headers: plainHeaders(response), ...read })
        sent.destroy()
      }, reject)
    },
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}

/** In the form that sockets ask for addresses in. They don't ask for a host that is an address. */
function handOut(addresses: readonly FoundAddress[]): NonNullable<RequestOptions['lookup']> {
  return (_host, options, callback) => {
    const [first] = addresses
    if (options.all) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family)
  }
}

async function readUpTo(
  most: number,
  response: IncomingMessage,
): Promise<{ body: Uint8Array; cut: boolean }> {
  if (most === 0) return { body: new Uint8Array(), cut: true }
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    pieces.push(piece)
    size += piece.length
    if (size > most) return { body: Buffer.concat(pieces).subarray(0, most), cut: true }
  }
  return { body: Buffer.concat(pieces), cut: false }
}

function plainHeaders({ headers }: IncomingMessage): OutboundAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

/** A look-up can't be called off; nobody waits for it any longer. */
function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const ended = Promise.withResolvers<never>()
  const end = () => ended.reject(signal.reason)
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  return Promise.race([promise, ended.promise]).finally(() => signal.removeEventListener('abort', end))
}

function connectionProblem(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'ECONNREFUSED') return 'nothing takes connections there (connection refused)'
  if (code === 'ECONNRESET') return 'the connection was closed before there was an answer'
  if (code === 'ABORT_ERR') return 'it was broken off'
  return message || code || String(error)
}
