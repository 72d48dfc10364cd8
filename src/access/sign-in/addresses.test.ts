import { describe, expect, test } from 'bun:test'
import { addressRanges, isAddressRange, networkOf, plainAddress } from './addresses.ts'

test.each(['192.0.2.7', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::1'])('%s is a range', (text) => {
  expect(isAddressRange(text)).toBe(true)
})

test.each([
  '',
  'localhost',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0/8',
  '::1/129',
  '10.0.0.0/8/8',
  'fe80::1%eth0',
])('%p is no range', (text) => {
  expect(isAddressRange(text)).toBe(false)
})

describe('ranges', () => {
  const ranges = addressRanges(['10.1.0.0/16', '2001:db8::/32', '192.0.2.7'])
  test.each(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:1::7', '192.0.2.7'])('hold %s', (address) => {
    expect(ranges.has(address)).toBe(true)
  })
  test.each(['10.2.0.1', '2001:db9::1', '192.0.2.8', '', 'unknown', '::ffff:10.2.0.1'])(
    'do not hold %p',
    (address) => {
      expect(ranges.has(address)).toBe(false)
    },
  )
  test('that are none hold nothing', () => {
    expect(addressRanges([]).has('127.0.0.1')).toBe(false)
  })
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:DB8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('an IPv4 address in IPv6 is the plain one', () => {
  expect(plainAddress('::FFFF:127.0.0.1')).toBe('127.0.0.1')
})
