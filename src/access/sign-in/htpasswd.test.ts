import { expect, test } from 'bun:test'
import { readHtpasswd } from './htpasswd.ts'

const hash = (cost = '05') => `$2y$${cost}$${'abcdefghijklmnopqrstu.'.padEnd(53, 'x')}`

test('bcrypt entries come with their line, comments and empty lines do not', () => {
  expect(readHtpasswd(`\ufeff# users\r\n\r\nalice:${hash()}\r\nbob:${hash('10')}\n`)).toEqual([
    { name: 'alice', hash: hash(), line: 3 },
    { name: 'bob', hash: hash('10'), line: 4 },
  ])
})

test.each([
  ['carol:$apr1$salt$hash', 'the hash is not bcrypt'],
  ['carol:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=', 'the hash is not bcrypt'],
  ['carol:secret', 'the hash is not bcrypt'],
  ['carol:', 'there is no password hash'],
  ['carol', 'there is no password hash'],
  [`carol:${hash('31')}`, 'the cost of the hash'],
  [`carol:${hash()}:more`, 'the hash is not bcrypt'],
])('%s is skipped: %s', (line, reason) => {
  expect(readHtpasswd(line)).toEqual([{ name: 'carol', line: 1, skipped: expect.stringContaining(reason) }])
})

test('the first of two entries of a name counts', () => {
  expect(readHtpasswd(`alice:${hash('05')}\nalice:${hash('06')}`).map((entry) => 'skipped' in entry)).toEqual(
    [false, true],
  )
})
