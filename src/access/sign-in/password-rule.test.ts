import { describe, expect, test } from 'bun:test'
import { weaknessOf } from './password-rule.ts'

describe('a password is refused when it', () => {
  test.each([
    ['seven77', 'is too short'],
    ['tidal-'.repeat(171), 'is too long'],
    ['ababababab', 'has too few different characters'],
    ['12345678', 'is a row of neighbours'],
    ['abcdefgh', 'is a row of neighbours'],
    ['qwertyasdf', 'is a row of neighbours'],
    ['87654321', 'is a row of neighbours'],
    ['password', 'is one of those that are tried first'],
    ['P4ssw0rd2024!', 'is one of those that are tried first'],
    ['Letmein2026', 'is one of those that are tried first'],
    ['correct-horse-battery-staple', 'is one of those that are tried first'],
    ['alice.archer', 'is little more than the name of the user'],
    ['Alice.Archer99', 'is little more than the name of the user'],
  ])('is %.30s: it %s', (password, reason) => {
    expect(weaknessOf(password, 'alice.archer')).toStartWith(reason)
  })
})

test.each(['tidal-lantern-quay', 'Zx9!kf02', 'пароль-моряка', 'aliceandtheseagulls', 'harbourlights71'])(
  'lets %s be',
  (password) => {
    expect(weaknessOf(password, 'alice')).toBeUndefined()
  },
)
