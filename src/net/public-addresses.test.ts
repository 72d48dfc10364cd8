import { describe, expect, test } from 'bun:test'
import { guardAddresses } from './public-addresses.ts'

const guard = guardAddresses([])

describe('the guard of addresses', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['10.0.0.1', 'private'],
    ['10.255.255.255', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['100.64.0.1', 'carrier'],
    ['100.100.100.200', 'carrier'],
    ['100.127.255.255', 'carrier'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['192.0.0.192', 'special use'],
    ['192.0.2.1', 'special use'],
    ['192.88.99.1', 'special use'],
    ['198.18.0.1', 'special use'],
    ['198.19.255.255', 'special use'],
    ['198.51.100.1', 'special use'],
    ['203.0.113.1', 'special use'],
    ['168.63.129.16', 'metadata'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::2', 'unspecified'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['0:0:0:0:0:ffff:7f00:0001', 'loopback'],
    ['::FFFF:10.0.0.1', 'private'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['::ffff:0:10.0.0.1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['64:ff9b:1::1', 'not an address of the internet'],
    ['fc00::1', 'private'],
    ['fd00:ec2::254', 'private'],
    ['fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fec0::1', 'link-local'],
    ['ff02::1', 'multicast'],
    ['100::1', 'not an address of the internet'],
    ['2001::1', 'special use'],
    ['2001:db8::1', 'special use'],
    ['2002:7f00:1::1', 'special use'],
    ['3fff::1', 'special use'],
    ['4000::1', 'not an address of the internet'],
    ['5f00::1', 'not an address of the internet'],
    ['localhost', 'no address'],
    ['', 'no address'],
    ['127.1', 'no address'],
  ])('refuses %s', (address, why) => {
    expect(guard.refusal(address)).toContain(why)
  })

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2606:4700::1111',
    '2a00::1',
  ])('lets %s be reached', (address) => {
    expect(guard.refusal(address)).toBeUndefined()
  })

  test('lets be reached what is listed, and nothing beside it', () => {
    const some = guardAddresses(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32'])
    for (const address of ['10.1.2.3', '127.0.0.1', 'fd00:1::7', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3'])
      expect(some.refusal(address)).toBeUndefined()
    for (const address of ['10.2.0.1', '127.0.0.2', 'fd00:2::7', '::ffff:10.2.0.1', '::1'])
      expect(some.refusal(address)).toBeDefined()
  })

  test('takes a list of everything for everything', () => {
    const all = guardAddresses(['0.0.0.0/0', '::/0'])
    for (const address of ['127.0.0.1', '::1', '169.254.169.254', 'fe80::1'])
      expect(all.refusal(address)).toBeUndefined()
  })

  test('knows an IPv4 address that is wrapped by the range of its wrapped form too', () => {
    expect(guardAddresses(['::ffff:10.0.0.0/104']).refusal('::ffff:10.0.0.1')).toBeUndefined()
  })
})
