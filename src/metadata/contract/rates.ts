import { describe, expect, test } from 'bun:test'
import type { ShareAsk } from '../../rates/shares.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { hour, type OpenStore } from './fixtures.ts'

const rate = { most: 10, window: hour }

const asking = (more: Partial<ShareAsk> = {}): ShareAsk => ({
  key: 'address 192.0.2.1',
  rate,
  need: 1,
  want: 1,
  usedAgo: undefined,
  returned: 0,
  owed: 0,
  ...more,
})

async function shareOf(store: MetadataStore, more?: Partial<ShareAsk>) {
  const [share] = await store.change('sharePulls', { asked: [asking(more)] })
  return share
}

const keysOf = (name: string, address: string) => ({ pair: `${name} ${address}`, address, account: name })

/** How many of the attempts are counted as wrong ones. */
async function wrong(store: MetadataStore, many: number, name: string, address: string): Promise<number> {
  let counted = 0
  for (let time = 0; time < many; time += 1)
    if ('counted' in (await store.change('beginSignIn', keysOf(name, address)))) counted += 1
  return counted
}

async function right(store: MetadataStore, name: string, address: string): Promise<boolean> {
  const keys = keysOf(name, address)
  const verdict = await store.change('beginSignIn', keys)
  if ('refused' in verdict) return false
  await store.change('endSignIn', { keys, counted: verdict.counted, right: true })
  return true
}

export function ratesContract(open: OpenStore): void {
  describe('pulls that are counted together', () => {
    test('are given out to the last, and then not before the window is over', async () => {
      const store = await open()
      for (let left = 9; left >= 0; left -= 1)
        expect(await shareOf(store)).toMatchObject({ granted: 1, remaining: left })
      const none = await shareOf(store)
      expect(none).toMatchObject({ granted: 0, remaining: 0 })
      expect(none?.wait).toBeGreaterThan(hour - 60_000)
      expect(none?.wait).toBeLessThanOrEqual(hour)
    })

    test('come back when they were not used, and count when they were made unasked', async () => {
      const store = await open()
      expect(await shareOf(store, { need: 8 })).toMatchObject({ granted: 8, remaining: 2 })
      expect(await shareOf(store, { need: 0, want: 0, returned: 5 })).toMatchObject({ remaining: 7 })
      expect(await shareOf(store, { need: 0, want: 0, owed: 3 })).toMatchObject({ remaining: 4 })
      expect(await shareOf(store, { need: 0, want: 0, owed: 30 })).toMatchObject({ remaining: 0 })
    })

    test('that many ask for at once are never more than there are', async () => {
      const store = await open()
      const keys = Array.from({ length: 5 }, (_, key) => `address 192.0.2.${key}`)
      // In any order, as several processes would.
      const shares = await Promise.all(
        Array.from({ length: 20 }, (_, time) =>
          store.change('sharePulls', {
            asked: keys.map((_, index) => asking({ key: keys[(index + time) % 5] ?? '', need: 3 })),
          }),
        ),
      )
      const granted = shares.flat().reduce((sum, share) => sum + share.granted, 0)
      expect(granted).toBe(5 * rate.most)
    })
  })

  describe('wrong sign-ins that are counted together', () => {
    test('are bounded for an address and an account', async () => {
      const store = await open()
      expect(await wrong(store, 30, 'alice', '192.0.2.1')).toBe(10)
      const refused = await store.change('beginSignIn', keysOf('alice', '192.0.2.1'))
      expect(refused).toMatchObject({ refused: 'pair' })
      if ('refused' in refused) expect(refused.wait).toBeGreaterThan(30_000)
    })

    test('that begin at once are bounded too', async () => {
      const store = await open()
      const verdicts = await Promise.all(
        Array.from({ length: 40 }, () => store.change('beginSignIn', keysOf('alice', '192.0.2.1'))),
      )
      expect(verdicts.filter((verdict) => 'counted' in verdict)).toHaveLength(10)
    })

    test('are bounded for an address, except where it has signed in before', async () => {
      const store = await open()
      expect(await right(store, 'alice', '192.0.2.1')).toBe(true)
      let counted = 0
      for (let user = 0; user < 60; user += 1) counted += await wrong(store, 1, `user${user}`, '192.0.2.1')
      expect(counted).toBe(50)
      expect(await right(store, 'alice', '192.0.2.1')).toBe(true)
      expect(await right(store, 'bob', '192.0.2.1')).toBe(false)
      expect(await right(store, 'bob', '192.0.2.2')).toBe(true)
    })

    test('are bounded for an account from all addresses together, and three of each are free', async () => {
      const store = await open()
      let counted = 0
      for (let host = 0; host < 20; host += 1) counted += await wrong(store, 10, 'alice', `192.0.2.${host}`)
      expect(counted).toBe(20 * 3 + 100)
      expect(await right(store, 'alice', '192.0.2.200')).toBe(true)
    })

    test('are forgotten with a right one from there, and those that came to no end are none', async () => {
      const store = await open()
      const keys = keysOf('alice', '192.0.2.1')
      await wrong(store, 9, 'alice', '192.0.2.1')
      for (let time = 0; time < 20; time += 1) {
        const verdict = await store.change('beginSignIn', keys)
        if ('refused' in verdict) throw new Error('refused')
        await store.change('endSignIn', { keys, counted: verdict.counted, right: false })
      }
      expect(await right(store, 'alice', '192.0.2.1')).toBe(true)
      expect(await wrong(store, 30, 'alice', '192.0.2.1')).toBe(10)
    })
  })

  test('what counts no more is forgotten, and nothing else', async () => {
    const store = await open()
    await shareOf(store, { rate: { most: 1, window: 1 } })
    await shareOf(store, { key: 'another' })
    await right(store, 'alice', '192.0.2.1')
    await Bun.sleep(20)
    // The short window, and what no wrong sign-in is counted in: the account is not looked at for a first try.
    expect(await store.change('expireRates', { limit: 100, most: 100 })).toBe(4)
    expect(await store.change('expireRates', { limit: 100, most: 100 })).toBe(0)
    expect(await shareOf(store, { key: 'another' })).toMatchObject({ remaining: 8 })
  })

  test('of more pulls than are to be kept those are forgotten that end first, and no wrong sign-in', async () => {
    const store = await open()
    await wrong(store, 10, 'alice', '192.0.2.1')
    for (let window = 1; window <= 20; window += 1)
      await shareOf(store, { key: `client ${window}`, rate: { most: 10, window: window * hour } })
    const expire = () => store.change('expireRates', { limit: 10, most: 8 })
    while ((await expire()) > 0);
    // The sign-ins have three rows.
    for (const [window, remaining] of [
      [15, 9],
      [16, 8],
      [20, 8],
    ] as const) {
      const rate = { most: 10, window: window * hour }
      expect(await shareOf(store, { key: `client ${window}`, rate })).toMatchObject({ remaining })
    }
    expect(await wrong(store, 1, 'alice', '192.0.2.1')).toBe(0)
  })
}
