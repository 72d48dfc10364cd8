import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../../oci/errors.ts'
import { SignInLimits } from './sign-in-limits.ts'

const minute = 60_000

function limits(limit?: number) {
  let now = 0
  const tested = new SignInLimits(() => now, limit)
  /** Seconds to wait; 0: it may be tried, and was wrong. */
  const wrong = (name: string, address: string): number => {
    try {
      tested.begin({ name, address })
      return 0
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'TOO_MANY_REQUESTS') throw error
      return (error.detail as { retryAfter: number }).retryAfter
    }
  }
  const right = (name: string, address: string) => tested.begin({ name, address }).succeeded()
  const many = (count: number, name: string, address: string) =>
    Array.from({ length: count }, () => wrong(name, address)).filter((wait) => wait === 0).length
  const pass = (time: number) => {
    now += time
  }
  return { tested, wrong, right, many, pass }
}

describe('wrong passwords', () => {
  test('are bounded for an address and an account, and come back one a minute', () => {
    const { many, wrong, pass } = limits()
    expect(many(10_000, 'alice', '192.0.2.1')).toBe(10)
    expect(wrong('alice', '192.0.2.1')).toBe(60)
    pass(minute)
    expect(many(5, 'alice', '192.0.2.1')).toBe(1)
  })

  test('are bounded for an address, whatever names it tries', () => {
    const { wrong, pass } = limits()
    const tried = (count: number) =>
      Array.from({ length: count }, (_, index) => wrong(`user${index}`, '192.0.2.1')).filter(
        (wait) => wait === 0,
      )
    expect(tried(1000).length).toBe(50)
    pass(minute)
    expect(tried(1000).length).toBe(10)
  })

  test('are bounded for an account, from however many addresses', () => {
    const { many } = limits()
    let tried = 0
    for (let host = 0; host < 200; host += 1) tried += many(10, 'alice', `198.51.100.${host}`)
    // Three of each address, and a hundred that all of them share.
    expect(tried).toBe(200 * 3 + 100)
  })

  test('of one customer count together, whichever of his IPv6 addresses they come from', () => {
    const { wrong } = limits()
    const waits = Array.from({ length: 40 }, (_, host) =>
      wrong('alice', `2001:db8:1:2::${host.toString(16)}`),
    )
    expect(waits.filter((wait) => wait === 0).length).toBe(10)
  })
})

describe('nobody is locked out', () => {
  test('from an address that he has signed in from', () => {
    const { many, right } = limits()
    right('alice', '203.0.113.5')
    for (let host = 0; host < 200; host += 1) many(10, 'alice', `198.51.100.${host}`)
    for (let time = 0; time < 100; time += 1) right('alice', '203.0.113.5')
  })

  test('from a new address', () => {
    const { many, right } = limits()
    for (let host = 0; host < 200; host += 1) many(10, 'alice', `198.51.100.${host}`)
    right('alice', '203.0.113.5')
  })

  test('by what others at a known address try on other accounts', () => {
    const { many, right } = limits()
    right('alice', '203.0.113.5')
    for (let user = 0; user < 100; user += 1) many(10, `user${user}`, '203.0.113.5')
    right('alice', '203.0.113.5')
  })

  test('by his own right sign-ins', () => {
    const { right } = limits()
    for (let time = 0; time < 10_000; time += 1) right('alice', '192.0.2.1')
  })
})

test('signing in to an account of his own gives nobody more tries', () => {
  const { many, right } = limits()
  let tried = 0
  for (let round = 0; round < 100; round += 1) {
    tried += many(1, `victim${round % 20}`, '192.0.2.1')
    if (round < 40) right('mallory', '192.0.2.1')
  }
  expect(tried).toBe(50)
})

test('an attempt that came to no end is not counted', () => {
  const { tested, many } = limits()
  for (let time = 0; time < 20; time += 1) tested.begin({ name: 'alice', address: '192.0.2.1' }).abandoned()
  expect(many(20, 'alice', '192.0.2.1')).toBe(10)
})

test('what is remembered is bounded', () => {
  const { tested, many } = limits(100)
  for (let user = 0; user < 1000; user += 1) many(1, `user${user}`, `10.0.${user >> 8}.${user & 255}`)
  expect(tested.size).toBeLessThanOrEqual(300)
})
