import { describe, expect, test } from 'bun:test'
import { directories } from './directories.ts'
import { loadSettings, SettingError } from './load.ts'

const one = { name: 'corp', url: 'ldaps://ldap.example.com', base: 'ou=people,dc=example,dc=com' }
const groups = { 'groups-base': 'ou=groups,dc=example,dc=com' }

const read = (...entries: object[]) => directories.parse(JSON.stringify(entries))
const problem = (...entries: unknown[]) => directories.problem?.(JSON.stringify(entries))

describe('the setting of directories', () => {
  test('takes little: a name, an address and where people are', () => {
    expect(read(one)).toEqual([
      {
        ...one,
        startTls: false,
        ca: undefined,
        bind: undefined,
        filter: '(objectClass=*)',
        loginAttributes: ['uid'],
        nameAttribute: 'uid',
        subjectAttribute: 'entryUUID',
        emailAttribute: undefined,
        groups: undefined,
        teams: [],
        admins: undefined,
        timeout: 5000,
        recheck: 300_000,
        outage: 86_400_000,
      },
    ])
  })

  test('keeps their order, and reads what it is told of groups, times and passwords', () => {
    const [first, second] =
      read(
        {
          ...one,
          ...groups,
          'bind-dn': 'cn=berth,dc=example,dc=com',
          'bind-password-file': '/run/secrets/ldap',
          'login-attributes': ['uid', 'mail'],
          teams: [{ group: 'cn=dev,ou=groups,dc=example,dc=com', team: 'acme/dev' }],
          admins: 'chiefs',
          recheck: '1m',
          timeout: '500ms',
        },
        { ...one, name: 'partner', url: 'ldap://[::1]:3890', 'groups-attribute': 'memberOf' },
      ) ?? []
    expect(first).toMatchObject({
      bind: { dn: 'cn=berth,dc=example,dc=com', password: { file: '/run/secrets/ldap' } },
      loginAttributes: ['uid', 'mail'],
      groups: { base: 'ou=groups,dc=example,dc=com', filter: '(member={dn})' },
      teams: [{ group: 'cn=dev,ou=groups,dc=example,dc=com', organisation: 'acme', team: 'dev' }],
      admins: ['chiefs'],
      recheck: 60_000,
      timeout: 500,
    })
    expect(second).toMatchObject({ name: 'partner', groups: { attribute: 'memberOf' } })
  })

  test.each([
    [[{ ...one, name: 'Corp' }], 'name must be made of'],
    [[{ name: 'corp', url: one.url }], 'the directory corp: base is missing'],
    [[one, one], 'two directories are called corp'],
    [[{ ...one, url: 'https://ldap.example.com' }], 'url must be an address such as ldaps://'],
    [[{ ...one, url: 'ldaps://ldap.example.com/dc=example' }], 'url must be an address'],
    [[{ ...one, url: 'ldap://ldap.example.com' }], 'passwords would cross the network in clear'],
    [[{ ...one, 'start-tls': true }], 'start-tls is for ldap:// addresses'],
    [[{ ...one, filter: 'uid={name}' }], 'filter must be a filter in brackets'],
    [[{ ...one, filter: '(&(uid=x)' }], 'filter must be a filter in brackets'],
    [[{ ...one, filter: '(uid=x)(cn=y)' }], 'filter must be a filter in brackets'],
    [[{ ...one, basis: 'x' }], 'basis is none of name, url'],
    [[{ ...one, 'bind-dn': 'cn=berth,dc=x' }], 'bind-dn goes with one of'],
    [[{ ...one, 'bind-password': 'x' }], 'bind-dn goes with one of'],
    [
      [{ ...one, 'bind-dn': 'cn=b', 'bind-password': 'x', 'bind-password-file': 'y' }],
      'bind-dn goes with one of',
    ],
    [[{ ...one, 'bind-dn': 'cn=b', 'bind-password-env': 'BERTH_X' }], 'does not begin with BERTH_'],
    [[{ ...one, admins: ['chiefs'] }], 'teams and admins need'],
    [
      [{ ...one, ...groups, teams: [{ group: 'dev', team: 'dev' }] }],
      'teams must be a list of groups and teams',
    ],
    [[{ ...one, timeout: '0s' }], 'timeout can’t be 0s'],
    [[{ ...one, recheck: 'soon' }], 'recheck must be a duration'],
    [['corp'], 'directory 1: it is no section'],
  ])('tells what is wrong with %j', (entries, why) => {
    expect(read(...(entries as object[]))).toBeUndefined()
    expect(problem(...entries)).toContain(why)
  })

  test('takes a server without TLS on the machine itself, or where it is meant', () => {
    expect(read({ ...one, url: 'ldap://127.0.0.1:3890' })).toHaveLength(1)
    expect(read({ ...one, url: 'ldap://ldap.example.com', plaintext: true })).toHaveLength(1)
    expect(read({ ...one, url: 'ldap://ldap.example.com', 'start-tls': true })).toHaveLength(1)
  })
})

describe('the list of directories', () => {
  const text = `ldap:
  - name: corp
    url: ldaps://ldap.example.com
    base: ou=people,dc=example,dc=com
    filter: "(&(objectClass=person)(!(employeeType=gone)))"
    bind-dn: cn=berth,dc=example,dc=com
    bind-password: "a, b: c"
`

  test('stands in the file as sections, and in the environment as text', () => {
    const fromFile = loadSettings({ flags: {}, environment: {}, file: { name: 'berth.yaml', text } })
    expect(fromFile.ldap).toMatchObject([{ name: 'corp', bind: { password: { text: 'a, b: c' } } }])
    const environment = { BERTH_LDAP: JSON.stringify([one]) }
    expect(loadSettings({ flags: {}, environment }).ldap).toMatchObject([{ name: 'corp' }])
    expect(loadSettings({ flags: {}, environment: {} }).ldap).toEqual([])
  })

  test('is told to be wrong without the password that stands in it', () => {
    const file = { name: 'berth.yaml', text: text.replace('name: corp', 'name: Corp') }
    const load = () => loadSettings({ flags: {}, environment: {}, file })
    expect(load).toThrow(SettingError)
    expect(load).toThrow('ldap in berth.yaml: the directory Corp: name must be made of')
    expect(load).not.toThrow('a, b: c')
    const other = { name: 'berth.yaml', text: 'ldap: { name: corp }' }
    expect(() => loadSettings({ flags: {}, environment: {}, file: other })).toThrow('it is no list')
  })
})
