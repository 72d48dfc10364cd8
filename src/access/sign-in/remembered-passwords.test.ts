import { expect, test } from 'bun:test'
import { RememberedPasswords } from './remembered-passwords.ts'

const account = { id: 'u1', generation: 1, passwordHash: '$argon2id$one' }

test('a password is remembered for the account as it was', () => {
  const remembered = new RememberedPasswords()
  remembered.remember(account, 'right')
  expect(remembered.has(account, 'right')).toBe(true)
  expect(remembered.has(account, 'wrong')).toBe(false)
  expect(remembered.has({ ...account, id: 'u2' }, 'right')).toBe(false)
  expect(remembered.has({ ...account, generation: 2 }, 'right')).toBe(false)
  expect(remembered.has({ ...account, passwordHash: '$argon2id$two' }, 'right')).toBe(false)
})

test('the one remembered longest goes first', () => {
  const remembered = new RememberedPasswords(2)
  for (const password of ['one', 'two', 'three']) remembered.remember(account, password)
  expect(['one', 'two', 'three'].map((password) => remembered.has(account, password))).toEqual([
    false,
    true,
    true,
  ])
})
