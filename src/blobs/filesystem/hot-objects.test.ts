import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { HotObjects } from './hot-objects.ts'

const bytes = (length: number) => new Uint8Array(length)

test('an object is hot when it is asked for the second time', () => {
  const hot = new HotObjects(1000)
  expect(hot.isHot('a')).toBe(false)
  expect(hot.isHot('b')).toBe(false)
  expect(hot.isHot('a')).toBe(true)
})

test('gives back what it keeps, and nothing else', () => {
  const hot = new HotObjects(1000)
  const kept = bytes(10)
  hot.keep('a', kept)
  expect(hot.get('a')).toBe(kept)
  expect(hot.get('b')).toBeUndefined()
})

test('forgets an object that was removed', () => {
  const hot = new HotObjects(1000)
  hot.keep('a', bytes(10))
  hot.forget('a')
  hot.forget('a')
  expect(hot.get('a')).toBeUndefined()
})

test('drops the oldest first where there is no more room', () => {
  const hot = new HotObjects(100)
  for (const key of ['a', 'b', 'c']) hot.keep(key, bytes(40))
  expect(['a', 'b', 'c'].filter((key) => hot.get(key))).toEqual(['b', 'c'])
})

test('has room again for what was forgotten', () => {
  const hot = new HotObjects(100)
  hot.keep('a', bytes(60))
  hot.forget('a')
  hot.keep('b', bytes(40))
  hot.keep('c', bytes(60))
  expect(hot.get('b')).toBeDefined()
})

test('counts an object once that is kept twice', () => {
  const hot = new HotObjects(100)
  hot.keep('a', bytes(40))
  hot.keep('a', bytes(40))
  hot.keep('b', bytes(60))
  expect(hot.get('a')).toBeDefined()
})

test('wants small objects only: an eighth of its memory at most, and never more than 1 MiB', () => {
  const mebibyte = 1024 * 1024
  expect([100, 125, 126].map((size) => new HotObjects(1000).wants(size))).toEqual([true, true, false])
  expect([mebibyte, mebibyte + 1].map((size) => new HotObjects(100 * mebibyte).wants(size))).toEqual([
    true,
    false,
  ])
})

test('wants nothing where it has no memory', () => {
  expect(new HotObjects(0).wants(1)).toBe(false)
})

test('never holds more than its limit, whatever is kept and forgotten in which order', () => {
  const keys = fc.constantFrom(...'abcdefgh')
  const step = fc.record({ key: keys, size: fc.nat({ max: 100 }), forget: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 100, max: 300 }), (steps, limit) => {
      const hot = new HotObjects(limit)
      for (const { key, size, forget } of steps) {
        if (forget) hot.forget(key)
        else hot.keep(key, bytes(size))
        const held = [...'abcdefgh'].reduce((sum, each) => sum + (hot.get(each)?.length ?? 0), 0)
        expect(held).toBeLessThanOrEqual(limit)
      }
    }),
  )
})

test('remembers what was asked for lately, and does not remember for ever', () => {
  const hot = new HotObjects(1000)
  expect(hot.isHot('first')).toBe(false)
  for (let index = 0; index < 10_000; index += 1) hot.isHot(`other-${index}`)
  expect(hot.isHot('first')).toBe(false)
  expect(hot.isHot('other-9999')).toBe(true)
})
