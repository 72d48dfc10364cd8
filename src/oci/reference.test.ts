import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText, digests, tags } from '../../test/support/grammar.ts'
import { codeThrownBy } from '../../test/support/thrown.ts'
import { parseReference } from './reference.ts'

test('every tag is a reference by tag', () => {
  fc.assert(fc.property(tags, (tag) => expect(parseReference(tag)).toEqual({ by: 'tag', tag })))
})

test('every digest is a reference by digest', () => {
  fc.assert(
    fc.property(digests, (digest) => expect(parseReference(digest)).toEqual({ by: 'digest', digest })),
  )
})

test('a text with a colon is judged as a digest, any other as a tag', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const expected = text.includes(':') ? 'DIGEST_INVALID' : 'TAG_INVALID'
      expect([undefined, expected]).toContain(codeThrownBy(() => parseReference(text)))
    }),
  )
})

test('a digest without its colon is a tag, as the fallback tags of referrers are', () => {
  const fallback = `sha256-${'ab'.repeat(32)}`
  expect(parseReference(fallback)).toEqual({ by: 'tag', tag: fallback as never })
})
