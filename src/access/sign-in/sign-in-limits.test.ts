import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../../oci/errors.ts'
import { MemoryRates } from '../../rates/memory-rates.ts'
import { SignInLimits } from './sign-in-limits.ts'

const minute = 60_000

function limits(limit?: number) {
  let now = 0
  const clock = () => now
  const rates = new MemoryRates(clock, limit === undefined ? undefined : { pulls: limit, signIns: limit })
  const tested = new SignInLimits(rates, clock)
  const other = new SignInLimits(rates, clock)
  /** Seconds to wait; 0: it may be tried, and was wrong. */
  const wrong = async (name: string, address: string, at = tested): Promise<number> => {
    try {
      await at.attempt({ name, address }, async () => undefined)
      return 0
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'TOO_MANY_REQUESTS') throw error
      return (error.detail as { retryAfter: number }).retryAfter
    }
  }
  const right = (name: string, address: string, at = tested) =>
    at.attempt({ name, address }, async () => 'in')
  const many = async (count: number, name: string, address: string, at = tested) => {
    let tried = 0
    for (let time = 0; time < count; time += 1) if ((await wrong(name, address, at)) === 0) tried += 1
    return tried
  }
  const pass = (time: number) => {
    now += time
  }
  return { tested, other, rates, wrong, right, many, pass }
}

describe('wrong passwords', () => {
  test('are bounded for an address and an account, and come back one a minute', async () => {
    const { many, wrong, pass } = limits()
    expect(await many(10_000, 'alice', '192.0.2.1')).toBe(10)
    expect(await wrong('alice', '192.0.2.1')).toBe(60)
    pass(minute)
    expect(await many(5, 'alice', '192.0.2.1')).toBe(1)
  })

  test('are bounded for an address, whatever names it tries', async () => {
    const { wrong, pass } = limits()
    const tried = async (count: number) => {
      const waits = await Promise.all(
        Array.from({ length: count }, (_, index) => wrong(`user${index}`, '192.0.2.1')),
      )
      return waits.filter((wait) => wait === 0).length
    }
    expect(await tried(150)).toBe(50)
    pass(minute)
    expect(await tried(150)).toBe(10)
  })

  test('are bounded for an account, from however many addresses', async () => {
    const { many } = limits()
    let tried = 0
    for (let host = 0; host < 200; host += 1) tried += await many(10, 'alice', `198.51.100.${host}`)
    // Three of each address, and a hundred that all of them share.
    expect(tried).toBe(200 * 3 + 100)
  })

  test('of one customer count together, whichever of his IPv6 addresses they come from', async () => {
    const { wrong } = limits()
    const waits = await Promise.all(
      Array.from({ length: 40 }, (_, host) => wrong('alice', `2001:db8:1:2::${host.toString(16)}`)),
    )
    expect(waits.filter((wait) => wait === 0).length).toBe(10)
  })
})

describe('nobody is locked out', () => {
  test('from an address that he has signed in from', async () => {
    const { many, right } = limits()
    await right('alice', '203.0.113.5')
    for (let host = 0; host < 200; host += 1) await many(10, 'alice', `198.51.100.${host}`)
    for (let time = 0; time < 100; time += 1) await right('alice', '203.0.113.5')
  })

  test('from a new address', async () => {
    const { many, right } = limits()
    for (let host = 0; host < 200; host += 1) await many(10, 'alice', `198.51.100.${host}`)
    await right('alice', '203.0.113.5')
  })

  test('by what others at a known address try on other accounts', async () => {
    const { many, right } = limits()
    await right('alice', '203.0.113.5')
    for (let user = 0; user < 100; user += 1) await many(10, `user${user}`, '203.0.113.5')
    await right('alice', '203.0.113.5')
  })

  test('by his own right sign-ins', async () => {
    const { right } = limits()
    for (let time = 0; time < 10_000; time += 1) await right('alice', '192.0.2.1')
  })
})

test('signing in to an account of his own gives nobody more tries', async () => {
  const { many, right } = limits()
  let tried = 0
  for (let round = 0; round < 100; round += 1) {
    tried += await many(1, `victim${round % 20}`, '192.0.2.1')
    if (round < 40) await right('mallory', '192.0.2.1')
  }
  expect(tried).toBe(50)
})

test('an attempt that came to no end is not counted, and its error is told', async () => {
  const { tested, many } = limits()
  const fail = async () => {
    throw new Error('the database is away')
  }
  for (let time = 0; time < 20; time += 1)
    await expect(tested.attempt({ name: 'alice', address: '192.0.2.1' }, fail)).rejects.toThrow('away')
  expect(await many(20, 'alice', '192.0.2.1')).toBe(10)
})

test('what is remembered is bounded', async () => {
  const { tested, rates, many } = limits(100)
  for (let user = 0; user < 1000; user += 1) await many(1, `user${user}`, `10.0.${user >> 8}.${user & 255}`)
  expect(rates.size).toBeLessThanOrEqual(300)
  expect(tested.size).toBe(0)
})

test('a thousand attempts at once are ten, and few of them wait', async () => {
  const { tested } = limits()
  let verified = 0
  const verify = async () => {
    verified += 1
    await Bun.sleep(1)
    return undefined
  }
  const attempts = Array.from({ length: 1000 }, () =>
    tested.attempt({ name: 'alice', address: '192.0.2.1' }, verify),
  )
  const outcomes = await Promise.allSettled(attempts)
  expect(verified).toBe(10)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(990)
  expect(tested.refusals).toBe(990)
})

describe('several processes', () => {
  test('let an attacker try no more often than one does', async () => {
    const { other, many, pass, tested } = limits()
    expect(await many(7, 'alice', '192.0.2.1')).toBe(7)
    expect(await many(7, 'alice', '192.0.2.1', other)).toBe(3)
    expect(await many(7, 'alice', '192.0.2.1')).toBe(0)
    pass(minute)
    expect((await many(7, 'alice', '192.0.2.1')) + (await many(7, 'alice', '192.0.2.1', other))).toBe(1)
    expect(tested.refusals + other.refusals).toBeGreaterThan(0)
  })

  test('all know from where somebody has signed in', async () => {
    const { other, many, right } = limits()
    await right('alice', '203.0.113.5')
    for (let user = 0; user < 100; user += 1) await many(1, `user${user}`, '203.0.113.5')
    expect(await right('alice', '203.0.113.5', other)).toBe('in')
  })
})

test('where the disk of what counts is full, the process counts alone; of any other failure the caller is told', async () => {
  const failing = (code: 'STORAGE_FULL' | 'STORAGE_UNAVAILABLE') => {
    const fail = async () => {
      throw new RegistryError(code, 'no')
    }
    return new SignInLimits({ beginSignIn: fail, endSignIn: fail }, () => 0)
  }
  const alice = { name: 'alice', address: '192.0.2.1' }
  const full = failing('STORAGE_FULL')
  expect(await full.attempt(alice, async () => 'in')).toBe('in')
  for (let time = 0; time < 10; time += 1)
    expect(await full.attempt(alice, async () => undefined)).toBeUndefined()
  await expect(full.attempt(alice, async () => 'in')).rejects.toThrow('too many wrong sign-ins')
  await expect(failing('STORAGE_UNAVAILABLE').attempt(alice, async () => 'in')).rejects.toThrow('no')
})

describe('who signed in a moment ago from an address', () => {
  const alice = { name: 'alice', address: '203.0.113.5' }

  test('is looked for in memory first, until somebody there is wrong', async () => {
    const { tested, right } = limits()
    expect(tested.trust(alice)).toBeUndefined()
    await right('alice', '203.0.113.5')
    for (let time = 0; time < 100; time += 1) tested.trust(alice)?.succeeded()
    const guess = tested.trust(alice)
    expect(guess).toBeDefined()
    // It found nothing, and so did all that came at the same time.
    expect(tested.trust(alice)).toBeUndefined()
  })

  test('is not from another address', async () => {
    const { tested, right } = limits()
    await right('alice', '203.0.113.5')
    expect(tested.trust({ ...alice, address: '203.0.113.6' })).toBeUndefined()
  })
})
