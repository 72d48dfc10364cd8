import { describe, expect, test } from 'bun:test'
import { thrownBy } from '../../test/support/thrown.ts'
import { parseAccountName, parseRobot, parseSubject, parseTeam, requireFree } from './account-name.ts'

const codeOf = (run: () => unknown) => (thrownBy(run) as { code?: string } | undefined)?.code

describe('the name of an account', () => {
  test.each(['alice', 'a', 'alice-b', 'al1ce_x', 'a.b', 'x'.repeat(64)])('may be %s', (name) => {
    expect(String(parseAccountName(name))).toBe(name)
  })

  test.each(['', 'Alice', 'al ice', 'a/b', 'a+b', '-a', 'a..b', 'ålice', 'a\0', 'a:b', 'x'.repeat(65)])(
    'may not be %p',
    (name) => {
      expect(codeOf(() => parseAccountName(name))).toBe('NAME_INVALID')
    },
  )

  test.each(['library', 'api', 'v1', 'v2', 'admin', 'import', 'retention', 'anonymous'])(
    'is reserved: %s',
    (name) => {
      expect(codeOf(() => requireFree(parseAccountName(name)))).toBe('NAME_RESERVED')
    },
  )
})

test('a grant is to a user or to a team', () => {
  expect(parseSubject('alice') as object).toEqual({ kind: 'user', name: 'alice' })
  expect(parseSubject('acme/builders') as object).toEqual({
    kind: 'team',
    organisation: 'acme',
    name: 'builders',
  })
  for (const text of ['acme/', '/x', 'a/b/c', 'acme+x'])
    expect(codeOf(() => parseSubject(text))).toBe('NAME_INVALID')
})

test('teams and robots are named with their organisation', () => {
  expect(parseTeam('acme/builders') as object).toEqual({ organisation: 'acme', name: 'builders' })
  expect(parseRobot('acme+deploy') as object).toEqual({ organisation: 'acme', name: 'deploy' })
  expect(codeOf(() => parseTeam('builders'))).toBe('NAME_INVALID')
  expect(codeOf(() => parseRobot('acme/deploy'))).toBe('NAME_INVALID')
})
