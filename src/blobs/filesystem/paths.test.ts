import { expect, test } from 'bun:test'
import { dirname, resolve } from 'node:path'
import fc from 'fast-check'
import { anyText, digests } from '../../../test/support/grammar.ts'
import { thrownBy } from '../../../test/support/thrown.ts'
import { algorithmOf, hexOf } from '../../oci/digest.ts'
import { committedKey, fileOf, uploadKey } from './paths.ts'

const data = '/var/lib/berth'
const ids = fc.uuid()

const refused = (key: string) => String(thrownBy(() => fileOf(data, key))).includes('not an object key')

test('every upload has a file of its own, right inside the directory of uploads', () => {
  fc.assert(
    fc.property(ids, (id) => {
      const file = fileOf(data, uploadKey(id))
      expect(dirname(file)).toBe(`${data}/uploads`)
      expect(file).toEndWith(`/${id}`)
    }),
  )
})

test('every committed object has a file of its own, in the directory of its first two digits', () => {
  fc.assert(
    fc.property(digests, ids, (digest, id) => {
      const file = fileOf(data, committedKey(id, digest))
      const hex = hexOf(digest)
      expect(file).toBe(`${data}/blobs/${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}.${id}`)
      expect(resolve(file)).toBe(file)
    }),
  )
})

test('two objects of one digest never share a file', () => {
  fc.assert(
    fc.property(digests, ids, ids, (digest, one, other) => {
      fc.pre(one !== other)
      expect(committedKey(one, digest)).not.toBe(committedKey(other, digest))
    }),
  )
})

test('no other text is a key', () => {
  fc.assert(fc.property(anyText, (text) => expect(refused(text)).toBe(true)))
})

test('a key with a step out of its place is none', () => {
  const steps = fc.constantFrom('/', '../', '/..', './', '\0', '\\', '%2e%2e/', '\n', 'A', ' ')
  const keys = fc.oneof(
    ids.map(uploadKey),
    fc.tuple(ids, digests).map(([id, digest]) => committedKey(id, digest)),
  )
  fc.assert(
    fc.property(keys, steps, fc.nat(), (key, step, at) => {
      const place = at % (key.length + 1)
      expect(refused(key.slice(0, place) + step + key.slice(place))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test.each(['', '.', '..', 'uploads', 'uploads/', 'uploads/..', 'uploads/.', 'blobs/sha256/aa/..', 'lock'])(
  '%p is no key',
  (key) => {
    expect(refused(key)).toBe(true)
  },
)

test.each([
  ['whose directory is not of its digits', `blobs/sha256/00/${'ab'.repeat(32)}.id`],
  ['with more digits than its algorithm has', `blobs/sha256/ab/${'ab'.repeat(64)}.id`],
  ['with fewer digits than its algorithm has', `blobs/sha512/ab/${'ab'.repeat(32)}.id`],
])('a key %s is none', (_, key) => {
  expect(refused(key)).toBe(true)
})
