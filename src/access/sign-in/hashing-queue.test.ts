import { expect, test } from 'bun:test'
import { HashingQueue } from './hashing-queue.ts'

test('few run at once, few wait, and the rest is refused', async () => {
  const queue = new HashingQueue({ atOnce: 2, mostWaiting: 3 })
  let running = 0
  let most = 0
  const end = Promise.withResolvers<void>()
  const hashing = async () => {
    running += 1
    most = Math.max(most, running)
    await end.promise
    running -= 1
  }
  const runs = Array.from({ length: 8 }, () =>
    queue.run(hashing).then(
      () => 'done',
      (error) => error.code,
    ),
  )
  end.resolve()
  expect(await Promise.all(runs)).toEqual([...Array(5).fill('done'), ...Array(3).fill('TOO_MANY_REQUESTS')])
  expect(most).toBe(2)
  expect(await queue.run(async () => 'again')).toBe('again')
})

test('one that fails gives its place up', async () => {
  const queue = new HashingQueue({ atOnce: 1, mostWaiting: 1 })
  const fails = queue.run(() => Promise.reject(new Error('no')))
  const next = queue.run(async () => 'yes')
  await expect(fails).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
