import { expect, test } from 'bun:test'
import { type Pace, PaceKeeper } from './body-pace.ts'

const unlimited: Pace = { firstByte: 0, pause: 0, whole: 0, rate: 0, window: 1000 }

function keeper(pace: Partial<Pace>) {
  return new PaceKeeper({ ...unlimited, ...pace }, 0)
}

test('a body without limits may take for ever', () => {
  expect(keeper({}).missed({ now: 1e12, since: 0 })).toBeUndefined()
})

test('the first byte is waited for as long as is said, and later pauses by their own measure', () => {
  const body = keeper({ firstByte: 1000, pause: 3000 })
  expect(body.missed({ now: 999, since: 0 })).toBeUndefined()
  expect(body.missed({ now: 1000, since: 0 })).toEqual({ setting: 'limits.first-byte', limit: 1000 })
  body.arrived(1, { now: 900, since: 0 })
  expect(body.missed({ now: 3800, since: 900 })).toBeUndefined()
  expect(body.missed({ now: 3900, since: 900 })).toEqual({ setting: 'http.idle-timeout', limit: 3000 })
})

test('what is held in memory must be whole in time, however steadily it drips', () => {
  const body = keeper({ whole: 5000 })
  for (let now = 100; now < 5000; now += 100) {
    expect(body.missed({ now, since: now - 100 })).toBeUndefined()
    body.arrived(1, { now, since: now - 100 })
  }
  expect(body.missed({ now: 5000, since: 4900 })).toEqual({ setting: 'limits.body-time', limit: 5000 })
})

test('a body below the rate is found at the end of the window, in a pause or by drips', () => {
  const silent = keeper({ rate: 100, window: 10_000 })
  silent.arrived(999, { now: 10, since: 0 })
  expect(silent.missed({ now: 9999, since: 10 })).toBeUndefined()
  expect(silent.missed({ now: 10_000, since: 10 })).toEqual({ setting: 'limits.upload-rate', limit: 100 })
  const dripping = keeper({ rate: 100, window: 10_000 })
  for (let now = 1000; now <= 10_000; now += 1000) dripping.arrived(99, { now, since: now - 1000 })
  expect(dripping.missed({ now: 10_001, since: 10_000 })).toMatchObject({ setting: 'limits.upload-rate' })
})

test('a body at the rate goes on, window after window', () => {
  const body = keeper({ rate: 100, window: 10_000 })
  for (let now = 1000; now <= 60_000; now += 1000) {
    body.arrived(100, { now, since: now - 1000 })
    expect(body.missed({ now: now + 900, since: now })).toBeUndefined()
  }
})

test('what a quick start brought does not pay for a later window', () => {
  const body = keeper({ rate: 100, window: 10_000 })
  body.arrived(1_000_000, { now: 10_000, since: 0 })
  expect(body.missed({ now: 19_999, since: 10_000 })).toBeUndefined()
  expect(body.missed({ now: 20_000, since: 10_000 })).toMatchObject({ setting: 'limits.upload-rate' })
})

test('time in which nobody waited for the client does not count', () => {
  const body = keeper({ rate: 100, window: 10_000 })
  // The storage took a minute for each of them.
  for (let minute = 1; minute <= 10; minute += 1) {
    const now = minute * 60_000
    expect(body.missed({ now, since: now - 500 })).toBeUndefined()
    body.arrived(60, { now, since: now - 500 })
  }
})
