import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { add, countOf, current, takeAway, touch, type Uses, waitFor } from './rolling-window.ts'

const hour = 3_600_000
const rate = { most: 100, window: 6 * hour }

test('a use counts for the whole window, and no longer where it stands alone', () => {
  const uses = add([], rate, { count: 1, now: 1000 })
  expect(countOf(current(uses, rate, 1000 + rate.window - 1))).toBe(1)
  expect(countOf(current(uses, rate, 1000 + rate.window))).toBe(0)
})

test('whoever used all at once waits for a window, and has all again', () => {
  const uses = add([], rate, { count: 100, now: 0 })
  expect(waitFor(uses, rate, 0)).toBe(rate.window)
  expect(waitFor(uses, rate, hour)).toBe(rate.window - hour)
  expect(waitFor(current(uses, rate, rate.window), rate, rate.window)).toBe(0)
})

test('whoever used some early waits for those alone', () => {
  const early = add([], rate, { count: 40, now: 0 })
  const uses = add(early, rate, { count: 60, now: 2 * hour })
  expect(waitFor(uses, rate, 3 * hour)).toBe(3 * hour)
  expect(waitFor(add(uses, rate, { count: 40, now: 3 * hour }), rate, 3 * hour)).toBe(5 * hour)
})

test('what was not used is taken from the latest', () => {
  const uses = add(add([], rate, { count: 5, now: 0 }), rate, { count: 3, now: hour })
  expect(takeAway(uses, 4)).toEqual([[0, 0, 4]])
  expect(takeAway(uses, 100)).toEqual([])
})

test('a clock that was set back leaves nothing that counts for longer than a window', () => {
  const uses = add([], rate, { count: 100, now: 100 * hour })
  const seen = current(uses, rate, hour)
  expect(countOf(seen)).toBe(100)
  expect(countOf(current(seen, rate, hour + rate.window))).toBe(0)
})

describe('of any uses at any times', () => {
  const steps = fc.array(fc.record({ gap: fc.nat(2 * hour), count: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 80,
  })

  test('none is forgotten before a window is over, and each is a twenty-fourth later', () => {
    fc.assert(
      fc.property(steps, (made) => {
        let [now, uses]: [number, Uses] = [0, []]
        const times: number[] = []
        for (const { gap, count } of made) {
          now += gap
          uses = add(current(uses, rate, now), rate, { count, now })
          times.push(...Array<number>(count).fill(now))
          const counted = countOf(uses)
          const [end, latest] = [now - rate.window, now - (rate.window * 25) / 24]
          expect(counted).toBeGreaterThanOrEqual(times.filter((time) => time > end).length)
          expect(counted).toBeLessThanOrEqual(times.filter((time) => time > latest).length)
          expect(uses.length).toBeLessThanOrEqual(26)
        }
      }),
    )
  })

  test('after the wait there is room for one, and a moment before there is none', () => {
    fc.assert(
      fc.property(steps, (made) => {
        let [now, uses]: [number, Uses] = [0, []]
        for (const { gap, count } of made) {
          now += gap
          uses = add(current(uses, rate, now), rate, { count, now })
        }
        const wait = waitFor(uses, rate, now)
        const room = (later: number) => countOf(current(uses, rate, now + later)) < rate.most
        expect(room(wait)).toBe(true)
        if (wait > 0) expect(room(wait - 1)).toBe(false)
      }),
    )
  })
})

test('uses that were counted before they were made count from when they were', () => {
  const uses = touch(add([], rate, { count: 1, now: 0 }), 2000)
  expect(countOf(current(uses, rate, rate.window + 1999))).toBe(1)
})
