import { describe, expect, test } from 'bun:test'
import { forwarding } from './forwarding.ts'

const request = (headers: Record<string, string> = {}, url = 'http://berth.internal:5000/v2/') =>
  new Request(url, { headers })

const spoofed = {
  'X-Forwarded-For': '198.51.100.1',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.example',
  Forwarded: 'for=198.51.100.2;proto=https;host=evil.example',
}

describe('without trusted proxies', () => {
  const open = forwarding({ url: undefined, trustedProxies: [] })
  test('what headers say of others is ignored', () => {
    expect(open.clientOf(request(spoofed), '127.0.0.1')).toBe('127.0.0.1')
    expect(open.originOf(request(spoofed), '127.0.0.1')).toBe('http://berth.internal:5000')
  })
  test('an IPv4 address is shown as one', () => {
    expect(open.clientOf(request(), '::ffff:192.0.2.1')).toBe('192.0.2.1')
  })
  test('the protocol is that of the listener', () => {
    expect(open.originOf(request({}, 'https://registry.test/v2/'), '192.0.2.1')).toBe('https://registry.test')
  })
})

describe('with trusted proxies', () => {
  const proxied = forwarding({ url: undefined, trustedProxies: ['10.0.0.0/8', '::1'] })
  const client = (header: string, value: string, peer = '10.0.0.1') =>
    proxied.clientOf(request({ [header]: value }), peer)

  test('others are ignored', () => {
    expect(proxied.clientOf(request(spoofed), '192.0.2.1')).toBe('192.0.2.1')
    expect(proxied.originOf(request(spoofed), '192.0.2.1')).toBe('http://berth.internal:5000')
  })

  test.each([
    ['198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['198.51.100.1:4711', '198.51.100.1'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['10.2.2.2', '10.2.2.2'],
    ['not an address', '10.0.0.1'],
    ['6.6.6.6, unknown', '10.0.0.1'],
  ])('X-Forwarded-For: %s is %s', (value, expected) => {
    expect(client('X-Forwarded-For', value)).toBe(expected)
  })

  test.each([
    ['for=198.51.100.1;proto=https', '198.51.100.1'],
    ['for=6.6.6.6, For="[2001:db8::7]:80"', '2001:db8::7'],
    ['for=_hidden', '10.0.0.1'],
  ])('Forwarded: %s is %s', (value, expected) => {
    expect(client('Forwarded', value)).toBe(expected)
  })

  test('a Forwarded that the client sent does not go before the X-Forwarded-For of the proxy', () => {
    const both = request({ Forwarded: 'for=6.6.6.6', 'X-Forwarded-For': '198.51.100.1' })
    expect(proxied.clientOf(both, '10.0.0.1')).toBe('198.51.100.1')
  })

  test('protocol and host are those in front of the proxy', () => {
    const origin = (headers: Record<string, string>) => proxied.originOf(request(headers), '::1')
    expect(origin({ 'X-Forwarded-Proto': 'https' })).toBe('https://berth.internal:5000')
    expect(origin({ 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'hub.test' })).toBe('https://hub.test')
    expect(origin({ Forwarded: 'proto=https;host="hub.test:8443"' })).toBe('https://hub.test:8443')
    expect(origin({ 'X-Forwarded-Proto': 'javascript', 'X-Forwarded-Host': 'a"b' })).toBe(
      'http://berth.internal:5000',
    )
  })
})

test('the setting goes before everything', () => {
  const fixed = forwarding({ url: 'https://registry.example.com/', trustedProxies: ['0.0.0.0/0'] })
  expect(fixed.originOf(request(spoofed), '127.0.0.1')).toBe('https://registry.example.com')
})
