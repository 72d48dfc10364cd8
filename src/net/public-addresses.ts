import { BlockList, isIP, isIPv4 } from 'node:net'

/** Which addresses the server itself may connect to, on behalf of somebody who names the host. */
export interface AddressGuard {
  /** @returns why not; undefined: it may */
  refusal(address: string): string | undefined
}

/**
 * Only what the internet routes, and what is listed: a URL that a user gives must not reach what only this machine and
 * its neighbours can, be it a router's pages or a cloud's metadata service.
 * @param allowed addresses and ranges that may be reached although they are private: `10.1.0.0/16`, `::1`
 */
export function guardAddresses(allowed: readonly string[]): AddressGuard {
  const listed = blockList(allowed)
  return {
    refusal(address) {
      const kind = isIP(address)
      if (kind === 0) return 'it is no address'
      const inside = kind === 6 ? carriedAddress(address) : undefined
      if (has(listed, address) || (inside !== undefined && has(listed, inside))) return undefined
      return specialUse(inside ?? address)
    },
  }
}

/** What such an address is for; undefined: it is a public one. */
function specialUse(address: string): string | undefined {
  const uses = isIPv4(address) ? special4 : special6
  const use = uses.find(({ list }) => has(list, address))?.use
  if (use !== undefined || isIPv4(address)) return use
  return has(globalUnicast, address) ? undefined : 'it is not an address of the internet'
}

/** The IPv4 address that an IPv6 address only wraps: a packet to it goes there. */
function carriedAddress(address: string): string | undefined {
  if (!has(wrapping, address)) return undefined
  // Browsers' spelling is one for all: `::ffff:10.0.0.1`, `::ffff:0a00:1` and `0:0:0:0:0:ffff:a00:1` alike.
  const groups = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split(':')
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function has(list: BlockList, address: string): boolean {
  const plain = address.split('%')[0] ?? ''
  return list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family)
  }
  return list
}

interface SpecialUse {
  readonly use: string
  readonly list: BlockList
}

function uses(table: Readonly<Record<string, readonly string[]>>): readonly SpecialUse[] {
  return Object.entries(table).map(([use, ranges]) => ({ use, list: blockList(ranges) }))
}

/** IANA's registry of special-purpose IPv4 addresses, and what clouds put beside it. */
const special4 = uses({
  'it is a loopback address': ['127.0.0.0/8'],
  'it is a private address': ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  'it is a link-local address': ['169.254.0.0/16'],
  'it is an address behind a carrier’s NAT': ['100.64.0.0/10'],
  'it is the unspecified address': ['0.0.0.0/8'],
  'it is a multicast or reserved address': ['224.0.0.0/4', '240.0.0.0/4'],
  'it is an address for special use': [
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
  ],
  // Looks public, and is answered by the machine that carries the virtual one.
  'it is a cloud’s metadata service': ['168.63.129.16'],
})

/** Of IPv6, what lies outside of this is not routed. */
const globalUnicast = blockList(['2000::/3'])

const special6 = uses({
  'it is a loopback address': ['::1'],
  'it is the unspecified address': ['::'],
  'it is a private address': ['fc00::/7'],
  'it is a link-local address': ['fe80::/10', 'fec0::/10'],
  'it is a multicast address': ['ff00::/8'],
  'it is an address for special use': ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
})

/** IPv4-mapped, IPv4-compatible, SIIT's translated form, and NAT64. `::` and `::1` are of their own. */
const wrapping = (() => {
  const list = blockList(['::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96'])
  list.addRange('::2', '::ffff:ffff', 'ipv6')
  return list
})()
