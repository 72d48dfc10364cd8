import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../../oci/errors.ts'
import { Breaker, directoryUnavailable } from './breaker.ts'

function breaker() {
  const told: boolean[] = []
  const clock = { now: 1_000_000 }
  let asked = 0
  const one = new Breaker(
    () => clock.now,
    ({ away }) => void told.push(away),
  )
  const ask = (answer: () => unknown) =>
    one
      .run('corp', async () => {
        asked += 1
        return answer()
      })
      .catch((error: RegistryError) => error.code)
  const away = () => {
    throw directoryUnavailable('corp', new Error('connection refused'))
  }
  return { ask, away, told, clock, asked: () => asked }
}

describe('what stands before a directory', () => {
  test('asks it no more for a while once it failed, and then lets one find out', async () => {
    const { ask, away, told, clock, asked } = breaker()
    expect(await ask(away)).toBe('DIRECTORY_UNAVAILABLE')
    for (let tries = 0; tries < 5; tries += 1) expect(await ask(() => 'here')).toBe('DIRECTORY_UNAVAILABLE')
    expect(asked()).toBe(1)
    clock.now += 2000
    expect(await Promise.all([ask(() => 'here'), ask(() => 'here')])).toEqual([
      'here',
      'DIRECTORY_UNAVAILABLE',
    ])
    expect(await ask(() => 'here')).toBe('here')
    expect(told).toEqual([true, false])
  })

  test('waits longer each time, and half a minute at the most', async () => {
    const { ask, away, told, clock, asked } = breaker()
    await ask(away)
    for (const pause of [2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      clock.now += pause - 1
      const before = asked()
      await ask(away)
      expect(asked()).toBe(before)
      clock.now += 1
      await ask(away)
      expect(asked()).toBe(before + 1)
    }
    expect(told).toEqual([true])
  })

  test('takes another error for none of it', async () => {
    const { ask, told } = breaker()
    const busy = () => {
      throw new RegistryError('TOO_MANY_REQUESTS', 'later')
    }
    expect(await ask(busy)).toBe('TOO_MANY_REQUESTS')
    expect(await ask(() => 'here')).toBe('here')
    expect(told).toEqual([])
  })
})
