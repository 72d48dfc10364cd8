import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { MemoryRates } from './memory-rates.ts'
import { PullShares } from './pull-shares.ts'
import type { Rate } from './rolling-window.ts'
import type { SharesPulls } from './shared-rates.ts'

const hour = 3_600_000
const rate: Rate = { most: 100, window: 6 * hour }

function processes(count: number, over: (shared: SharesPulls) => SharesPulls = (shared) => shared) {
  let now = 1_000_000
  const clock = () => now
  const shared = over(new MemoryRates(clock))
  const each = Array.from({ length: count }, () => new PullShares({ shared, now: clock, patience: 20 }))
  const pull = async (at = 0, key = 'client', of = rate) => each[at]?.take(key, of)
  /** How many of the pulls went through. */
  const pulls = async (many: number, at = 0, key = 'client', of = rate) => {
    let allowed = 0
    for (let time = 0; time < many; time += 1) if ((await pull(at, key, of))?.allowed) allowed += 1
    return allowed
  }
  /** A second at a time, as they give back what they don't use. */
  const pass = async (time: number) => {
    for (const end = now + time; now < end; ) {
      now = Math.min(end, now + 1000)
      for (const one of each) one.giveBack()
      await Bun.sleep(0)
      if (time > 60_000) now = end
    }
  }
  return { each, pull, pulls, pass }
}

test('one process lets through exactly the limit, and tells what is left of it each time', async () => {
  const { pull } = processes(1)
  for (let left = 99; left >= 0; left -= 1)
    expect(await pull()).toEqual({ allowed: true, remaining: left, wait: 0 })
  expect(await pull()).toEqual({ allowed: false, remaining: 0, wait: rate.window })
})

test('a look tells what is left, and uses nothing', async () => {
  const { each, pulls, pass } = processes(2)
  await pulls(10)
  await pass(3000)
  for (let time = 0; time < 5; time += 1)
    expect(await each[1]?.look('client', rate)).toEqual({ allowed: true, remaining: 90, wait: 0 })
  await pulls(90)
  expect(await each[0]?.look('client', rate)).toEqual({ allowed: true, remaining: 0, wait: 0 })
})

test('when the window is over, all are there again', async () => {
  const { pulls, pull, pass } = processes(1)
  expect(await pulls(150)).toBe(100)
  await pass(rate.window - 4000)
  expect((await pull())?.allowed).toBe(false)
  await pass(4000)
  expect(await pulls(150)).toBe(100)
})

test('each key has a limit of its own', async () => {
  const { pulls } = processes(1)
  expect(await pulls(150, 0, 'one')).toBe(100)
  expect(await pulls(150, 0, 'other')).toBe(100)
})

describe('several processes', () => {
  test('let a client that goes from one to the next pull exactly the limit', async () => {
    const { pull, pass } = processes(4)
    let allowed = 0
    for (let time = 0; time < 200; time += 1) {
      if ((await pull(time % 4))?.allowed) allowed += 1
      await pass(2500)
    }
    expect(allowed).toBe(100)
  })

  test('never let through more, however many pulls come at once', async () => {
    const { pull } = processes(4)
    const all = await Promise.all(Array.from({ length: 1000 }, (_, time) => pull(time % 4)))
    expect(all.filter((standing) => standing?.allowed)).toHaveLength(100)
  })

  test('give back what they do not use: nobody is refused early for longer than a moment', async () => {
    const { pulls, pass } = processes(2)
    const first = await pulls(20)
    const second = await pulls(200, 1)
    expect(first + second).toBeLessThanOrEqual(100)
    expect(first + second).toBeGreaterThan(100 - 100 / 8)
    await pass(3000)
    expect(first + second + (await pulls(200, 1))).toBe(100)
  })

  test('give back everything when they stop', async () => {
    const { each, pulls } = processes(2)
    const first = await pulls(20)
    await each[0]?.stop()
    expect(first + (await pulls(200, 1))).toBe(100)
  })

  test('of any order of pulls and pauses let through at most the limit in any window', async () => {
    const steps = fc.array(fc.record({ at: fc.nat(2), many: fc.nat(30), pause: fc.nat(8) }), {
      maxLength: 25,
    })
    const short: Rate = { most: 40, window: 60_000 }
    await fc.assert(
      fc.asyncProperty(steps, async (made) => {
        const { pulls, pass } = processes(3)
        let now = 0
        const times: number[] = []
        for (const { at, many, pause } of made) {
          times.push(...Array<number>(await pulls(many, at, 'client', short)).fill(now))
          await pass(pause * 1000)
          now += pause * 1000
        }
        for (const start of times) {
          // What was used of a share counts from a moment before: two seconds are the tolerance.
          const within = times.filter((time) => time >= start && time < start + short.window - 2000)
          expect(within.length).toBeLessThanOrEqual(short.most)
        }
      }),
      { numRuns: 40 },
    )
  }, 30_000)
})

describe('where nobody answers', () => {
  const away = (state: { away: boolean; hangs?: boolean }) => (shared: SharesPulls) => ({
    async sharePulls(asked: Parameters<SharesPulls['sharePulls']>[0]) {
      if (state.hangs) await new Promise(() => undefined)
      if (state.away) throw new Error('the database is away')
      return shared.sharePulls(asked)
    },
  })

  test('pulls go by what the process knows, and are counted later', async () => {
    const state = { away: true }
    const { pulls, pass } = processes(2, away(state))
    expect(await pulls(30)).toBe(30)
    expect(await pulls(200, 1)).toBe(100)
    state.away = false
    await pass(3000)
    expect(await pulls(200)).toBe(0)
  })

  test('what was known before counts on', async () => {
    const state = { away: false }
    const { pulls, pass } = processes(1, away(state))
    await pulls(60)
    await pass(3000)
    state.away = true
    expect(await pulls(200)).toBe(40)
  })

  test('no pull waits longer than a moment, and most do not wait at all', async () => {
    const { pulls } = processes(1, away({ away: false, hangs: true }))
    const started = performance.now()
    expect(await pulls(150)).toBe(100)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

test('what a process remembers is bounded', async () => {
  const tested = new PullShares({ shared: new MemoryRates(Date.now), now: Date.now, limit: 100 })
  for (let key = 0; key < 1000; key += 1) await tested.take(`${key}`, rate)
  expect(tested.size).toBe(100)
})

test('few questions are asked for many pulls', async () => {
  let questions = 0
  const { pulls } = processes(1, (shared) => ({
    sharePulls(asked) {
      questions += 1
      return shared.sharePulls(asked)
    },
  }))
  await pulls(100_000, 0, 'client', { most: 1_000_000, window: hour })
  expect(questions).toBeLessThan(30)
})
