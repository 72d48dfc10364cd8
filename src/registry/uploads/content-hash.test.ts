import { expect, test } from 'bun:test'
import { type DigestAlgorithm, digestOf } from '../../oci/digest.ts'
import { FastHash, movingHash, resumeMovingHash } from './content-hash.ts'

const content = new Uint8Array(300_000).map((_, index) => (index * 31) % 251)
const algorithms: readonly DigestAlgorithm[] = ['sha256', 'sha512']

test('a hash that moves goes on from any byte, and can be asked in between', async () => {
  for (const algorithm of algorithms) {
    for (const cut of [0, 1, 63, 64, 65, 1000, 299_999, 300_000]) {
      const first = await movingHash(algorithm)
      first.update(content.subarray(0, cut))
      expect(first.digest()).toBe(digestOf(content.subarray(0, cut), algorithm))
      const state = first.state(cut) ?? new Uint8Array()
      const second = await resumeMovingHash(state, cut, algorithm)
      second?.update(content.subarray(cut))
      expect(second?.digest()).toBe(digestOf(content, algorithm))
      // The one that stayed is as it was.
      expect(first.digest()).toBe(digestOf(content.subarray(0, cut), algorithm))
    }
  }
})

test('a state of another offset, of another algorithm, or that is none, is not gone on from', async () => {
  const hash = await movingHash('sha256')
  hash.update(content)
  const state = hash.state(content.length) ?? new Uint8Array()
  expect(await resumeMovingHash(state, content.length - 1, 'sha256')).toBeUndefined()
  expect(await resumeMovingHash(state, content.length, 'sha512')).toBeUndefined()
  expect(await resumeMovingHash(state.subarray(0, 40), content.length, 'sha256')).toBeUndefined()
  const foreign = state.slice()
  foreign.fill(1, 9, 13)
  expect(await resumeMovingHash(foreign, content.length, 'sha256')).toBeUndefined()
})

test('the fast hash can be asked in between, and does not move', () => {
  const hash = new FastHash('sha256')
  hash.update(content.subarray(0, 10))
  expect(hash.digest()).toBe(digestOf(content.subarray(0, 10)))
  hash.update(content.subarray(10))
  expect(hash.digest()).toBe(digestOf(content))
  expect(hash.state()).toBeUndefined()
})
