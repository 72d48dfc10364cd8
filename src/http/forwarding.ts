import { type AddressRanges, addressRanges, plainAddress } from '../access/sign-in/addresses.ts'

export interface ForwardingOptions {
  /** How clients reach the registry, such as `https://registry.example.com`; undefined: as each request says. */
  readonly url: string | undefined
  /** Whose word on a request's client, protocol and host counts. */
  readonly trustedProxies: readonly string[]
}

/** Where requests come from and what they were sent to, in front of proxies. Headers of others than the trusted are ignored. */
export interface Forwarding {
  /** @param peer the address at the other end of the connection */
  clientOf(request: Request, peer: string): string
  /** How the client reaches the registry: `https://registry.example.com`, without a slash at the end. */
  originOf(request: Request, peer: string): string
}

export function forwarding({ url, trustedProxies }: ForwardingOptions): Forwarding {
  const trusted = addressRanges(trustedProxies)
  const none = trustedProxies.length === 0
  return {
    clientOf(request, peer) {
      const address = plainAddress(peer)
      return none || !trusted.has(address) ? address : clientBehind(request.headers, address, trusted)
    },
    originOf(request, peer) {
      if (url !== undefined) return url.replace(/\/+$/, '')
      const own = ownOrigin(request)
      return none || !trusted.has(peer) ? own : originBefore(request.headers, own)
    },
  }
}

/** The nearest that is no trusted proxy: what stands further off in the list, anybody may have written. */
function clientBehind(headers: Headers, peer: string, trusted: AddressRanges): string {
  const chain = chainOf(headers)
  let client = peer
  for (const hop of chain.reverse()) {
    const address = addressIn(hop)
    if (address === undefined) return client
    client = address
    if (!trusted.has(address)) return client
  }
  return client
}

/** X-Forwarded-For, or else Forwarded (RFC 7239): proxies set the one and pass on the other as it came. */
function chainOf(headers: Headers): string[] {
  const list = headers.get('x-forwarded-for')
  if (list !== null) return list.split(',')
  const forwarded = headers.get('forwarded')
  return forwarded === null ? [] : forwarded.split(',').map((hop) => parameterOf(hop, 'for') ?? '')
}

/** `192.0.2.7`, `192.0.2.7:4711`, `[2001:db8::7]:4711`, `2001:db8::7`, with quotes or without. */
function addressIn(hop: string): string | undefined {
  const text = hop.trim().replace(/^"(.*)"$/, '$1')
  const match = /^(?:\[([0-9a-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?|([0-9a-f:.]+))$/i.exec(text)
  const address = match?.[1] ?? match?.[2] ?? match?.[3]
  return address === undefined ? undefined : plainAddress(address)
}

function originBefore(headers: Headers, own: string): string {
  const forwarded = headers.get('forwarded')?.split(',')[0]
  const said = (header: string, parameter: string) =>
    headers.get(header)?.split(',')[0]?.trim() ?? (forwarded && parameterOf(forwarded, parameter))
  const { protocol, host } = new URL(own)
  const proto = said('x-forwarded-proto', 'proto')?.toLowerCase()
  const name = said('x-forwarded-host', 'host')
  const scheme = proto === 'http' || proto === 'https' ? `${proto}:` : protocol
  return `${scheme}//${name !== undefined && isHost(name) ? name : host}`
}

function parameterOf(hop: string, name: string): string | undefined {
  for (const pair of hop.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim().toLowerCase() !== name) continue
    return pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
  }
  return undefined
}

/** What the request itself was sent to; its Host may be missing or anything. */
function ownOrigin(request: Request): string {
  const { url } = request
  if (url.startsWith('/')) return 'http://localhost'
  const end = url.indexOf('/', url.indexOf('://') + 3)
  return end < 0 ? url : url.slice(0, end)
}

function isHost(text: string): boolean {
  return /^(?:[\w.-]{1,253}|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text)
}
