import { expect, test } from 'bun:test'
import { hashOfSecret, kindOfSecret, newSecret } from './secrets.ts'

test('a secret says what it is, and is never the same twice', () => {
  const secrets = Array.from({ length: 200 }, () => newSecret('pat'))
  expect(new Set(secrets).size).toBe(200)
  for (const secret of secrets) {
    expect(secret).toMatch(/^berth_pat_[0-9A-Za-z]{49}$/)
    expect(kindOfSecret(secret)).toBe('pat')
  }
  expect(kindOfSecret(newSecret('robot'))).toBe('robot')
})

test('a secret with one wrong character is none', () => {
  const secret = newSecret('pat')
  for (let index = 'berth_pat_'.length; index < secret.length; index += 1) {
    const other = secret[index] === 'x' ? 'y' : 'x'
    expect(kindOfSecret(secret.slice(0, index) + other + secret.slice(index + 1))).toBeUndefined()
  }
  expect(kindOfSecret(secret.replace('pat', 'robot'))).toBeUndefined()
  for (const text of ['', 'berth_pat_', `${secret} `, `x${secret}`, secret.slice(1)])
    expect(kindOfSecret(text)).toBeUndefined()
})

test('a secret is kept as its SHA-256', () => {
  expect(hashOfSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
