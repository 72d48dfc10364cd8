import { expect, test } from 'bun:test'
import { sideBySide } from './side-by-side.ts'

test('works on so many at a time, and on all', async () => {
  const seen: number[] = []
  let running = 0
  let most = 0
  await sideBySide([1, 2, 3, 4, 5, 6, 7], 3, async (entry) => {
    running += 1
    most = Math.max(most, running)
    await Bun.sleep(5)
    running -= 1
    seen.push(entry)
  })
  expect(seen.sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(most).toBe(3)
})

test('fails with the first failure, begins nothing after it, and leaves nothing running', async () => {
  const begun: number[] = []
  let running = 0
  let failure: unknown
  try {
    await sideBySide([1, 2, 3, 4, 5, 6], 2, async (entry) => {
      begun.push(entry)
      running += 1
      await Bun.sleep(5 * entry)
      running -= 1
      if (entry > 1) throw new Error(`entry ${entry}`)
    })
  } catch (error) {
    failure = error
  }
  expect(failure).toEqual(new Error('entry 2'))
  expect(running).toBe(0)
  expect(begun).toEqual([1, 2, 3])
})
