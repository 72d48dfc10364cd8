import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText, repositoryNames, spoiled } from '../../test/support/grammar.ts'
import { codeThrownBy, thrownBy } from '../../test/support/thrown.ts'
import { isRepositoryName, longestRepositoryName, parseRepositoryName } from './repository-name.ts'

/** The specification's grammar in plain words, to compare with. */
function isNameByModel(text: string): boolean {
  return text.split('/').every((component) => {
    const pieces = component.split(/[^a-z0-9]+/)
    const separators = component.match(/[^a-z0-9]+/g) ?? []
    return (
      pieces.every((piece) => piece !== '') &&
      separators.every((between) => ['.', '_', '__'].includes(between) || /^-+$/.test(between))
    )
  })
}

test('accepts every name of the grammar and gives it back unchanged', () => {
  fc.assert(fc.property(repositoryNames, (name) => expect(parseRepositoryName(name)).toBe(name)))
})

test('accepts exactly the grammar', () => {
  const almostNames = fc.string({ unit: fc.constantFrom(...'ab0._-/'), maxLength: 9 })
  fc.assert(
    fc.property(almostNames, (text) => expect(isRepositoryName(text)).toBe(isNameByModel(text))),
    { numRuns: 5000 },
  )
})

test('refuses a name with one character that is in no name', () => {
  fc.assert(
    fc.property(spoiled(repositoryNames, 'AZé:@%\\ \0\n\r\t~*?#'), (text) =>
      expect(codeThrownBy(() => parseRepositoryName(text))).toBe('NAME_INVALID'),
    ),
  )
})

test('throws nothing but NAME_INVALID, whatever the text', () => {
  fc.assert(
    fc.property(anyText, (text) =>
      expect([undefined, 'NAME_INVALID']).toContain(codeThrownBy(() => parseRepositoryName(text))),
    ),
  )
})

test('refuses a name that is one character too long, and says how long it may be', () => {
  const longest = 'a'.repeat(longestRepositoryName)
  expect(parseRepositoryName(longest)).toHaveLength(255)
  expect(String(thrownBy(() => parseRepositoryName(`${longest}a`)))).toContain('at most 255 characters')
})

test('answers at once for a name that is made to be hard to match', () => {
  const started = performance.now()
  for (const hard of [
    `${'a-'.repeat(127)}!`,
    `${'a_'.repeat(127)}/`,
    `${'a'.repeat(254)}/`,
    '-'.repeat(255),
  ]) {
    expect(isRepositoryName(hard)).toBe(false)
  }
  expect(performance.now() - started).toBeLessThan(100)
})

test('repeats only the beginning of a huge name in its detail', () => {
  const error = thrownBy(() => parseRepositoryName('a'.repeat(100_000)))
  expect(JSON.stringify((error as { detail: unknown }).detail).length).toBeLessThan(400)
})
