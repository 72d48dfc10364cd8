import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { matchesPattern } from './claim-pattern.ts'

test.each([
  ['acme/app', 'acme/app', true],
  ['acme/app', 'acme/app2', false],
  ['acme/app', 'Acme/app', false],
  ['acme/*', 'acme/app', true],
  ['acme/*', 'acme/app/deep', false],
  ['acme/**', 'acme/app/deep', true],
  ['acme/*', 'acme/', true],
  ['*/app', 'acme/app', true],
  ['refs/heads/*', 'refs/heads/feature/x', false],
  ['refs/heads/**', 'refs/heads/feature/x', true],
  ['refs/*/v*.*', 'refs/tags/v1.2', true],
  ['refs/*/v*.*', 'refs/tags/x/v1.2', false],
  ['repo:acme/app:*', 'repo:acme/app:ref:refs/heads/main', false],
  ['repo:acme/app:**', 'repo:acme/app:ref:refs/heads/main', true],
  ['**', '', true],
  ['*', 'a/b', false],
  ['a.c', 'abc', false],
  ['[ab]{c,d}?', '[ab]{c,d}?', true],
  ['a*a', 'a', false],
])('%s against %s: %p', (pattern, value, fits) => {
  expect(matchesPattern(pattern, value)).toBe(fits)
})

test('means what a regular expression of the same meaning does', () => {
  const piece = fc.constantFrom('a', 'b', '/', '*', '**', '.')
  const letter = fc.constantFrom('a', 'b', '/', '.')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(letter, { maxLength: 12 }), (pieces, letters) => {
      const [pattern, value] = [pieces.join(''), letters.join('')]
      const text = pattern.replaceAll(/\*+|\./g, (one) =>
        one === '.' ? '\\.' : one === '*' ? '[^/]*' : '.*',
      )
      expect(matchesPattern(pattern, value)).toBe(new RegExp(`^${text}$`).test(value))
    }),
    { numRuns: 2000 },
  )
})

test('takes no time to speak of, whatever was written', () => {
  const started = performance.now()
  for (let times = 0; times < 100; times += 1)
    expect(matchesPattern('**a**a**a**ab', 'a'.repeat(1024))).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})

test('a value longer than any claim of a job fits no pattern but itself', () => {
  const long = 'a'.repeat(2000)
  expect(matchesPattern('a**', long)).toBe(false)
  expect(matchesPattern(long, long)).toBe(true)
})
