import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText, digests, spoiled } from '../../test/support/grammar.ts'
import { codeThrownBy } from '../../test/support/thrown.ts'
import { algorithmOf, digestAlgorithms, digestOf, hexOf, isDigestAlgorithm, parseDigest } from './digest.ts'

const hex = 'ab'.repeat(32)

test('accepts every sha256 and sha512 digest and gives it back unchanged', () => {
  fc.assert(fc.property(digests, (digest) => expect(parseDigest(digest)).toBe(digest)))
})

test('a digest is its algorithm, a colon and its hex', () => {
  fc.assert(fc.property(digests, (digest) => expect(`${algorithmOf(digest)}:${hexOf(digest)}`).toBe(digest)))
})

test('what it computes is a digest that it accepts', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom(...digestAlgorithms), (bytes, algorithm) => {
      const digest = digestOf(bytes, algorithm)
      expect(parseDigest(digest)).toBe(digest)
      expect(algorithmOf(digest)).toBe(algorithm)
    }),
  )
})

test('computes the known digests of nothing', () => {
  const nothing = new Uint8Array()
  expect(digestOf(nothing)).toBe(
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as never,
  )
  expect(digestOf(nothing, 'sha512')).toStartWith('sha512:cf83e1357eefb8bd')
})

test('refuses a digest with one character more, whichever it is', () => {
  fc.assert(
    fc.property(spoiled(digests, '0aAgé:/\0\n '), (text) =>
      expect(codeThrownBy(() => parseDigest(text))).toBe('DIGEST_INVALID'),
    ),
  )
})

test('refuses a digest that lacks a character', () => {
  fc.assert(
    fc.property(digests, fc.nat(), (digest, at) => {
      const place = at % digest.length
      const text = digest.slice(0, place) + digest.slice(place + 1)
      expect(codeThrownBy(() => parseDigest(text))).toBe('DIGEST_INVALID')
    }),
  )
})

test.each([
  ['without an algorithm', hex],
  ['of an unknown algorithm', `sha384:${'a'.repeat(96)}`],
  ['of md5', `md5:${'a'.repeat(32)}`],
  ['in capitals', `sha256:${hex.toUpperCase()}`],
  ['with the algorithm in capitals', `SHA256:${hex}`],
  ['of the wrong length for its algorithm', `sha512:${hex}`],
  ['whose algorithm is a property of every object', `constructor:${hex}`],
  ['with a newline at its end', `sha256:${hex}\n`],
  ['that is empty', ''],
])('refuses a digest %s', (_, text) => {
  expect(codeThrownBy(() => parseDigest(text))).toBe('DIGEST_INVALID')
})

test('throws nothing but DIGEST_INVALID, whatever the text', () => {
  fc.assert(
    fc.property(anyText, (text) => expect(codeThrownBy(() => parseDigest(text))).toBe('DIGEST_INVALID')),
  )
})

test('knows its algorithms and no property of objects', () => {
  expect(digestAlgorithms.every(isDigestAlgorithm)).toBe(true)
  for (const name of ['sha1', 'toString', '__proto__', '']) expect(isDigestAlgorithm(name)).toBe(false)
})
