import { describe, expect, test } from 'bun:test'
import { arrivedLocally } from './closing.ts'

const here = { host: 'localhost:5000' }

describe('a request is local', () => {
  test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])('from %s', (peer) => {
    for (const host of ['localhost', 'localhost:5000', '127.0.0.1:5000', '[::1]:5000', 'LOCALHOST'])
      expect(arrivedLocally({ peer, headers: new Headers({ host }) })).toBe(true)
  })
})

describe('a request is not local', () => {
  test.each(['192.0.2.7', '::ffff:192.0.2.7', '10.0.0.1', 'fe80::1', '128.0.0.1', '', '127.0.0.1.example'])(
    'from %j, whatever its headers say',
    (peer) => {
      expect(arrivedLocally({ peer, headers: new Headers(here) })).toBe(false)
      for (const name of ['x-forwarded-for', 'x-real-ip'])
        expect(arrivedLocally({ peer, headers: new Headers({ ...here, [name]: '127.0.0.1' }) })).toBe(false)
    },
  )

  test.each([
    ['X-Forwarded-For', '192.0.2.7'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Forwarded-For', ''],
    ['Forwarded', 'for=127.0.0.1'],
    ['Via', '1.1 proxy'],
    ['X-Real-IP', '127.0.0.1'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'localhost'],
  ])('through a proxy on the machine: %s: %s', (name, value) => {
    expect(arrivedLocally({ peer: '127.0.0.1', headers: new Headers({ ...here, [name]: value }) })).toBe(
      false,
    )
  })

  test.each([
    'registry.example.com',
    'localhost.example.com',
    '127.0.0.1.example.com:5000',
    'localhost:x',
    '',
  ])('where it was sent to %j, as the page of another site may', (host) => {
    expect(arrivedLocally({ peer: '127.0.0.1', headers: new Headers({ host }) })).toBe(false)
  })

  test('without a Host', () => {
    expect(arrivedLocally({ peer: '127.0.0.1', headers: new Headers() })).toBe(false)
  })
})
