import { expect, test } from 'bun:test'
import { QuickWrites } from './quick-writes.ts'

function disk({ takes = 0 } = {}) {
  let time = 0
  let duration = takes
  const written: number[] = []
  const writes = new QuickWrites({
    now: () => time,
    write: (_fd, bytes, position) => {
      time += duration
      written.push(position)
      return bytes.length
    },
  })
  return {
    written,
    write: (position: number) => writes.write(1, new Uint8Array(10), position),
    becomes: (milliseconds: number) => {
      duration = milliseconds
    },
    passes: (milliseconds: number) => {
      time += milliseconds
    },
  }
}

test('writes at once while the disk is quick', () => {
  const { write, written } = disk({ takes: 1 })
  expect([write(0), write(10), write(20)]).toEqual([10, 10, 10])
  expect(written).toEqual([0, 10, 20])
})

test('leaves writing to others for a while once the disk held it up', () => {
  const { write, written, becomes, passes } = disk()
  becomes(200)
  expect(write(0)).toBe(10)
  becomes(0)
  expect(write(10)).toBeUndefined()
  passes(1999)
  expect(write(10)).toBeUndefined()
  passes(1)
  expect(write(10)).toBe(10)
  expect(written).toEqual([0, 10])
})
