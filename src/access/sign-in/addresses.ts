import { BlockList, isIP, isIPv4 } from 'node:net'

/** Addresses of clients that something is for; none: for all. */
export interface AddressRanges {
  has(address: string): boolean
}

/** Whether the text is an address or a range of them: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0 || address.includes('%')) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

/** @param ranges texts that `isAddressRange` takes */
export function addressRanges(ranges: readonly string[]): AddressRanges {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family)
  }
  return {
    has(address) {
      const plain = plainAddress(address)
      const family = isIP(plain)
      return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6')
    },
  }
}

/** An IPv4 address that a socket for both gives as `::ffff:192.0.2.7` is the address itself. */
export function plainAddress(address: string): string {
  if (!address.startsWith(':')) return address
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

/** What one customer of a provider has: an IPv4 address, or the 64 bits in front of an IPv6 address. */
export function networkOf(address: string): string {
  const plain = plainAddress(address)
  if (isIP(plain) !== 6) return plain
  const [front = '', back] = (plain.split('%')[0] ?? '').split('::')
  const groups = front.split(':').filter((group) => group !== '')
  const behind = (back ?? '').split(':').filter((group) => group !== '')
  const zeros = back === undefined ? 0 : 8 - groups.length - behind.length
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...behind]
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
