import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectSecure } from 'node:tls'
import type { Client } from 'ldapts'
import { RegistryError } from '../../../oci/errors.ts'
import { directoryUnavailable } from '../breaker.ts'
import type { LdapServer } from './server.ts'

/**
 * Talks to the server on a connection of its own, which ends with it. Nothing is said before the certificate is verified,
 * and nothing takes longer than the server's timeout.
 * @throws DIRECTORY_UNAVAILABLE with the cause, for whatever goes wrong
 */
export async function converse<T>(server: LdapServer, talk: (client: Client) => Promise<T>): Promise<T> {
  const line = new Line(server)
  let timer: Timer | undefined
  try {
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${server.timeout} ms`)), server.timeout)
    })
    return await Promise.race([speak(server, line, talk), line.lost, tooLate])
  } catch (error) {
    if (error instanceof RegistryError) throw error
    throw directoryUnavailable(server.name, error)
  } finally {
    clearTimeout(timer)
    line.cut()
  }
}

async function speak<T>(server: LdapServer, line: Line, talk: (client: Client) => Promise<T>): Promise<T> {
  const { Client } = await import('ldapts')
  const tls = await tlsOptions(server)
  const client = new Client({
    url: server.url,
    timeout: server.timeout,
    createConnection: line.open,
    createSecureConnection: line.secure,
    // Given for an address without TLS, it would be spoken at once, and not after StartTLS.
    ...(server.url.startsWith('ldaps:') ? { tlsOptions: tls } : {}),
  })
  if (server.startTls) await client.startTLS(tls)
  return talk(client)
}

async function tlsOptions({ url, ca }: LdapServer): Promise<ConnectionOptions> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return {
    host,
    // The certificate is for this name; an address is no name that could be asked for.
    ...(isIP(host) ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca: await Bun.file(ca).text() }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  }
}

/**
 * The one connection of a conversation. The library would open another where this one is lost: in clear, after StartTLS,
 * and with the password that is sent next.
 */
class Line {
  /** Rejects where the connection ends before the conversation does. */
  readonly lost: Promise<never>
  #lose: () => void = () => undefined
  readonly #sockets: Socket[] = []
  readonly #beforeTls: Buffer[] = []
  readonly #startTls: boolean

  constructor({ startTls }: LdapServer) {
    this.#startTls = startTls
    this.lost = new Promise((_, reject) => {
      // Why it ended is told in the same moment, and says more.
      this.#lose = () => void setTimeout(() => reject(new Error('the connection was lost')), 10)
    })
    // Where it ends with the conversation, nobody waits.
    this.lost.catch(() => undefined)
  }

  readonly open = ((port: number, host: string) => {
    this.#requireUnused()
    const socket = this.#keep(connect(port, host))
    if (this.#startTls) socket.on('data', (bytes: Buffer) => void this.#beforeTls.push(bytes))
    return socket
  }) as typeof connect

  readonly secure = ((...args: [ConnectionOptions] | [number, string, ConnectionOptions]) => {
    if (args.length === 1) {
      requireOneMessage(Buffer.concat(this.#beforeTls))
      return this.#keep(connectSecure(args[0]))
    }
    this.#requireUnused()
    const [port, host, options] = args
    return this.#keep(connectSecure({ ...options, port, host }))
  }) as typeof connectSecure

  cut(): void {
    for (const socket of this.#sockets.reverse()) socket.destroy()
  }

  #requireUnused(): void {
    if (this.#sockets.length > 0) throw new Error('the connection was lost')
  }

  #keep<S extends Socket>(socket: S): S {
    this.#sockets.push(socket)
    // What fails after the conversation is nobody's concern, and must not end the process.
    socket.on('error', () => undefined)
    socket.on('close', this.#lose)
    return socket
  }
}

/**
 * What came in clear must be the answer to StartTLS and nothing behind it: the rest would be taken for the beginning of
 * what comes encrypted, and could say that a password is right.
 */
function requireOneMessage(bytes: Buffer): void {
  const [tag, first = 0] = bytes
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  const length =
    lengthBytes === 0 ? first : bytes.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0)
  if (tag === 0x30 && bytes.length === 2 + lengthBytes + length) return
  throw new Error('the server said more than it was asked before TLS began')
}
