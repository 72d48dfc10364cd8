import { expect, test } from 'bun:test'
import { createPasswordHasher, isBcrypt } from './password-hashes.ts'

const hasher = createPasswordHasher()
// htpasswd -nbB -C 5 alice …, of 80 times the letter a: bcrypt looks at the first 72 alone.
const htpasswd = (await Bun.password.hash('a'.repeat(72), { algorithm: 'bcrypt', cost: 4 })).replace(
  '$2b$',
  '$2y$',
)

test('a password is verified against its own hash alone', async () => {
  const hash = await hasher.hash('tidal-lantern-quay')
  expect(hash).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
  expect(await hasher.verify('tidal-lantern-quay', hash)).toEqual({ matches: true, outdated: false })
  expect(await hasher.verify('tidal-lantern-key', hash)).toEqual({ matches: false, outdated: false })
})

test('without an account a hash is verified all the same, and never matches', async () => {
  expect(await hasher.verify('anything', undefined)).toEqual({ matches: false, outdated: false })
})

test('an entry of htpasswd is verified as its makers do, and is outdated', async () => {
  expect(isBcrypt(htpasswd)).toBe(true)
  expect(await hasher.verify('a'.repeat(80), htpasswd)).toEqual({ matches: true, outdated: true })
  expect((await hasher.verify('a'.repeat(71), htpasswd)).matches).toBe(false)
})

test('what is no bcrypt entry is told apart', () => {
  for (const text of [
    '',
    '$apr1$x$y',
    '{SHA}abc',
    '$2y$05$short',
    '$2y$99$'.padEnd(60, 'a'),
    '$2x$05$'.padEnd(60, 'a'),
  ])
    expect(isBcrypt(text)).toBe(false)
})
