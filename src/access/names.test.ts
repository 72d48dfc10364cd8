import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isRepositoryName } from '../oci/repository-name.ts'
import { namespaceOf, parseAccountName, parseNamespaceName } from './names.ts'

function outcome(text: string): string {
  try {
    return parseAccountName(text)
  } catch (error) {
    return (error as { code: string }).code
  }
}

test.each(['library', 'api', 'v1', 'v2', 'admin', 'import', 'retention', 'anonymous', 'operator'])(
  'the name %s is reserved',
  (name) => {
    expect(outcome(name)).toBe('NAME_RESERVED')
  },
)

test.each([
  ['Alice'],
  ['ali ce'],
  ['alice/app'],
  ['alice+bot'],
  ['alicé'],
  ['аlice'],
  ['alice\n'],
  ['-alice'],
  ['alice-'],
  ['a..b'],
  [''],
  ['a'.repeat(65)],
  ['cli:root'],
  ['ａｌｉｃｅ'],
])('the name %j is none', (name) => {
  expect(outcome(name)).toBe('NAME_INVALID')
})

test('what is taken for a name is taken as it is, and repositories can lie below it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const result = outcome(text)
      if (result === 'NAME_INVALID' || result === 'NAME_RESERVED') return
      expect(result).toBe(text)
      expect(isRepositoryName(`${text}/app`)).toBe(true)
      expect(namespaceOf(`${text}/app/deep`)).toBe(text)
    }),
  )
})

test('every part that a repository can begin with is a name or reserved', () => {
  const part = fc.stringMatching(/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/)
  fc.assert(
    fc.property(part, (text) => {
      fc.pre(text.length <= 64)
      expect([text, 'NAME_RESERVED']).toContain(outcome(text))
    }),
  )
})

test('a name of one part lies in no namespace', () => {
  expect(namespaceOf('ubuntu')).toBe('')
  expect(namespaceOf('library/ubuntu')).toBe('library')
})

test('a namespace may be written with its slash', () => {
  expect(parseNamespaceName('team/')).toBe('team')
  expect(() => parseNamespaceName('team/app')).toThrow('letters and digits')
})
