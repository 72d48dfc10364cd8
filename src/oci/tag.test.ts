import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText, spoiled, tags } from '../../test/support/grammar.ts'
import { codeThrownBy } from '../../test/support/thrown.ts'
import { isTag, parseTag } from './tag.ts'

/** The specification's grammar in plain words, to compare with. */
function isTagByModel(text: string): boolean {
  const letters = [...text]
  return (
    letters.length >= 1 &&
    letters.length <= 128 &&
    letters.every((letter) => /[a-zA-Z0-9._-]/.test(letter)) &&
    letters[0] !== '.' &&
    letters[0] !== '-'
  )
}

test('accepts every tag of the grammar and gives it back unchanged', () => {
  fc.assert(fc.property(tags, (tag) => expect(parseTag(tag)).toBe(tag)))
})

test('accepts exactly the grammar', () => {
  const almostTags = fc.string({ unit: fc.constantFrom(...'aZ0._-/:'), maxLength: 6 })
  fc.assert(
    fc.property(almostTags, (text) => expect(isTag(text)).toBe(isTagByModel(text))),
    { numRuns: 2000 },
  )
})

test('refuses a tag with one character that is in no tag', () => {
  fc.assert(
    fc.property(spoiled(tags, 'é:@%/\\ \0\n\r\t~*?#+'), (text) =>
      expect(codeThrownBy(() => parseTag(text))).toBe('TAG_INVALID'),
    ),
  )
})

test('throws nothing but TAG_INVALID, whatever the text', () => {
  fc.assert(
    fc.property(anyText, (text) =>
      expect([undefined, 'TAG_INVALID']).toContain(codeThrownBy(() => parseTag(text))),
    ),
  )
})

test('takes 128 characters and refuses 129', () => {
  expect(isTag('a'.repeat(128))).toBe(true)
  expect(isTag('a'.repeat(129))).toBe(false)
})
