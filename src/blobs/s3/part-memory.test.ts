import { expect, test } from 'bun:test'
import { PartMemory } from './part-memory.ts'

test('hands out no more than its limit, and the rest in turn', async () => {
  const memory = new PartMemory({ limit: 30, partSize: 10 })
  const held = [await memory.take(10), await memory.take(10), await memory.take(10)]
  const order: string[] = []
  const large = memory.take(20).then((buffer) => {
    order.push('large')
    return buffer
  })
  const small = memory.take(10).then((buffer) => {
    order.push('small')
    return buffer
  })
  memory.give(held[0] as Buffer<ArrayBuffer>)
  await Bun.sleep(1)
  // There is room for the small one, but it came later.
  expect(order).toEqual([])
  memory.give(held[1] as Buffer<ArrayBuffer>)
  await large
  expect(memory.taken).toBe(30)
  memory.give(held[2] as Buffer<ArrayBuffer>)
  await small
  expect(order).toEqual(['large', 'small'])
})

test('uses buffers of the usual size again', async () => {
  const memory = new PartMemory({ limit: 100, partSize: 10 })
  const first = await memory.take(10)
  memory.give(first)
  expect(await memory.take(10)).toBe(first)
})

test('a part that is larger than the limit waits until it is alone', async () => {
  const memory = new PartMemory({ limit: 10, partSize: 10 })
  const first = await memory.take(10)
  let alone = false
  const large = memory.take(50).then((buffer) => {
    alone = true
    return buffer
  })
  await Bun.sleep(1)
  expect(alone).toBe(false)
  memory.give(first)
  expect((await large).length).toBe(50)
})
