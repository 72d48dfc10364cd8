import { describe, expect, test } from 'bun:test'
import { eachOf, Lines, Slots } from './concurrency.ts'

async function* numbers(count: number) {
  for (let number = 0; number < count; number += 1) yield number
}

/** Work that tells how many of it ran at once. */
function counter() {
  let running = 0
  const seen = { most: 0, ended: 0 }
  return {
    seen,
    async work() {
      running += 1
      seen.most = Math.max(seen.most, running)
      await Bun.sleep(1)
      running -= 1
      seen.ended += 1
    },
  }
}

describe('eachOf', () => {
  test('works at as many at once as it may', async () => {
    const { seen, work } = counter()
    await eachOf(numbers(20), 4, work)
    expect(seen).toEqual({ most: 4, ended: 20 })
  })

  test('begins nothing new after a failure, waits for what runs, and throws it', async () => {
    const { seen, work } = counter()
    const failing = eachOf(numbers(1000), 4, async (number) => {
      if (number === 5) throw new Error('the sixth')
      await work()
    })
    await expect(failing).rejects.toThrow('the sixth')
    expect(seen.ended).toBeLessThan(12)
  })

  test('waits for what runs when the list itself fails', async () => {
    const { seen, work } = counter()
    async function* broken() {
      yield* numbers(3)
      throw new Error('no more')
    }
    await expect(eachOf(broken(), 10, work)).rejects.toThrow('no more')
    expect(seen.ended).toBe(3)
  })
})

test('slots let so many work, and are free again after a failure', async () => {
  const { seen, work } = counter()
  const slots = new Slots(3)
  const failing = slots.use(async () => {
    throw new Error('failed')
  })
  await expect(failing).rejects.toThrow('failed')
  await Promise.all(Array.from({ length: 10 }, () => slots.use(work)))
  expect(seen).toEqual({ most: 3, ended: 10 })
})

test('in a line one follows the other, even behind one that failed; lines do not wait for each other', async () => {
  const lines = new Lines<string>()
  const events: string[] = []
  const step = (name: string, time: number) => async () => {
    events.push(`${name} begins`)
    await Bun.sleep(time)
    events.push(`${name} ends`)
    if (name === 'a1') throw new Error('a1 failed')
  }
  const first = lines.follow('a', step('a1', 10))
  const rest = [lines.follow('a', step('a2', 1)), lines.follow('b', step('b1', 1))]
  await expect(first).rejects.toThrow('a1 failed')
  await Promise.all(rest)
  expect(events).toEqual(['a1 begins', 'b1 begins', 'b1 ends', 'a1 ends', 'a2 begins', 'a2 ends'])
})
