import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseAccountName } from '../names.ts'
import { accountNamesFor, mappedName } from './account-names.ts'
import { plainName, rightsOf } from './group-names.ts'

describe('the name of an account', () => {
  test.each([
    ['alice', 'alice'],
    ['Jürgen.Müller', 'jurgen.muller'],
    ['STRAßE', 'strasse'],
    ['Łukasz Ødegård', 'lukasz-odegard'],
    ['bob@corp.example.com', 'bob'],
    ['corp\\bob', 'corp-bob'],
    ['a..b', 'a-b'],
    ['a__b--c', 'a__b--c'],
    ['._-x-_.', 'x'],
    ['李雷', ''],
    ['💣', ''],
    ['ﬁx', 'fix'],
  ])('of %s is %p', (login, name) => {
    expect(mappedName(login)).toBe(name)
  })

  test('is one that can be made, whatever somebody is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string(), (login, subject) => {
        const names = accountNamesFor({ login, subject }, 'a-directory-of-20-ch')
        expect(new Set(names).size).toBe(names.length)
        for (const name of names) expect(parseAccountName(name)).toBe(name)
      }),
      { numRuns: 300 },
    )
  })

  test('is never a reserved one, and the next ones tell where it comes from', () => {
    const names = accountNamesFor({ login: 'Admin', subject: '1' }, 'corp')
    expect(names.slice(0, 2)).toEqual(['admin-corp', 'admin-corp-2'])
    expect(accountNamesFor({ login: 'alice', subject: '1' }, 'corp').slice(0, 3)).toEqual([
      'alice',
      'alice-corp',
      'alice-corp-2',
    ])
  })

  test('is the same each time for who has no letter in it', () => {
    const [first] = accountNamesFor({ login: '李雷', subject: 'a' }, 'corp')
    expect(first).toMatch(/^user-[0-9a-f]{8}$/)
    expect(accountNamesFor({ login: '李雷', subject: 'a' }, 'corp')[0]).toBe(first)
    expect(accountNamesFor({ login: '李雷', subject: 'b' }, 'corp')[0]).not.toBe(first)
  })
})

describe('a group', () => {
  test.each([
    ['CN=Dev, OU=Groups,DC=corp', 'cn=dev,ou=groups,dc=corp'],
    ['cn=a\\, b,dc=x', 'cn=a\\2C b,dc=x'],
    ['cn=J\\C3\\BCrgen,dc=x', 'cn=Jürgen,dc=x'],
    ['cn=  two   words ,dc=x', 'cn=two words,dc=x'],
    ['cn=back\\\\slash,dc=x', 'cn=back\\5Cslash,dc=x'],
  ])('written as %s is the one written as %s', (one, other) => {
    expect(plainName(one)).toBe(plainName(other))
  })

  test.each([
    ['cn=a\\,ou=b,dc=x', 'cn=a,ou=b,dc=x'],
    ['cn=dev,ou=groups,dc=corp', 'cn=dev,ou=other,dc=corp'],
    ['cn=a,dc=x', 'ou=a,dc=x'],
  ])('written as %s is not the one written as %s', (one, other) => {
    expect(plainName(one)).not.toBe(plainName(other))
  })

  test('brings its teams, by its whole name or by its first attribute', () => {
    const teams = [
      { group: 'cn=dev,dc=x', organisation: 'acme', team: 'dev' },
      { group: 'OPS', organisation: 'acme', team: 'ops' },
      { group: 'absent', organisation: 'acme', team: 'absent' },
    ]
    const groups = ['CN=Dev,DC=x', 'cn=ops,ou=deep,dc=x']
    expect(rightsOf({ teams, admins: undefined }, groups)).toEqual({
      teams: [
        { organisation: 'acme', team: 'dev' },
        { organisation: 'acme', team: 'ops' },
      ],
      admin: null,
    })
    expect(rightsOf({ teams: [], admins: ['dev'] }, groups).admin).toBe(true)
    expect(rightsOf({ teams: [], admins: ['de'] }, groups).admin).toBe(false)
  })
})
