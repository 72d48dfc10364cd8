import { expect, test } from 'bun:test'
import { ShortMemory } from './short-memory.ts'

test('remembers until its time is over', () => {
  const clock = { now: 100 }
  const memory = new ShortMemory<string>({ now: () => clock.now })
  memory.set('a', 'one', 200)
  expect([memory.get('a'), memory.get('b')]).toEqual(['one', undefined])
  clock.now = 200
  expect(memory.get('a')).toBeUndefined()
})

test('forgets the oldest where it is full', () => {
  const memory = new ShortMemory<number>({ now: () => 0, most: 2 })
  for (const [at, key] of ['a', 'b', 'a', 'c'].entries()) memory.set(key, at, 1)
  expect(['a', 'b', 'c'].map((key) => memory.get(key))).toEqual([2, undefined, 3])
})
