import { describe, expect, test } from 'bun:test'
import { guardAddresses } from '../net/public-addresses.ts'
import {
  parseActions,
  parseHeaders,
  parsePattern,
  parseSecret,
  parseWebhookName,
  parseWebhookUrl,
} from './webhook-values.ts'

const refusing = { code: 'PARAMETER_INVALID' }
const guard = guardAddresses(['10.1.0.0/16'])

function refused(parse: () => unknown): unknown {
  try {
    parse()
  } catch (error) {
    return error
  }
  throw new Error('it was taken')
}

describe('what is said of a webhook', () => {
  test.each([
    'https://ci.example.com/hook',
    'http://ci.example.com:8080/hook?a=b',
    'https://me:p%25ss@ci.example.com/',
    'http://10.1.2.3/',
    'http://8.8.8.8/',
  ])('may have the URL %s', (url) => {
    expect(parseWebhookUrl(url, guard)).toBe(url)
  })

  test.each([
    '',
    'ci.example.com',
    'file:///etc/passwd',
    'gopher://ci.example.com/',
    'https://ci.example.com/#there',
    'https://ci.example.com/a b',
    'https://me:p%zz@ci.example.com/',
    'https://me:%80@ci.example.com/',
    'http://10.2.0.1/',
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    `https://ci.example.com/${'a'.repeat(2000)}`,
  ])('may not have the URL %s', (url) => {
    expect(refused(() => parseWebhookUrl(url, guard))).toMatchObject(refusing)
  })

  test('is a name of small letters and digits', () => {
    for (const name of ['ci', 'team-1', 'a.b_c']) expect(parseWebhookName(name)).toBe(name)
    for (const name of ['', 'CI', '-a', 'a-', 'a--b', 'a/b', 'a b', 'a'.repeat(65)])
      expect(refused(() => parseWebhookName(name))).toMatchObject(refusing)
  })

  test('are actions that there are, each once', () => {
    expect(parseActions(['delete', 'push', 'push'])).toEqual(['push', 'delete'])
    for (const actions of [[], ['shout'], ['push', 'shout']])
      expect(refused(() => parseActions(actions))).toMatchObject(refusing)
  })

  test('is a pattern of names', () => {
    for (const pattern of ['**', 'team/**', '*/app', 'lib?/x-*']) expect(parsePattern(pattern)).toBe(pattern)
    for (const pattern of ['', 'A', 'a b', 'a\0', '{a,aa}b', '[a-z]', 'a'.repeat(256)])
      expect(refused(() => parsePattern(pattern))).toMatchObject(refusing)
  })

  test('are headers that nobody can smuggle another into, and none of the registry’s own', () => {
    const good = { Authorization: 'Bearer a b', 'X-Token': '1' }
    expect(parseHeaders(good)).toEqual(good)
    for (const headers of [
      { Host: 'a' },
      { 'content-type': 'a' },
      { 'Webhook-Signature': 'a' },
      { 'Transfer-Encoding': 'chunked' },
      { 'a b': 'c' },
      { A: 'b\r\nC: d' },
      { A: 'b\0' },
      { A: 'ü' },
      { A: '' },
      { A: ' b' },
      Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`X-${index}`, 'a'])),
    ])
      expect(refused(() => parseHeaders(headers as Record<string, string>))).toMatchObject(refusing)
  })

  test('is a secret that can sign', () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    expect(parseSecret(secret)).toBe(secret)
    expect(refused(() => parseSecret('hunter2'))).toMatchObject(refusing)
  })
})
