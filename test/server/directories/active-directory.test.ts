import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import {
  directoriesSetting,
  group,
  requireSlapd,
  startDirectory,
  type TestDirectory,
  whoIs,
} from '../../support/ldap.ts'

const ready = requireSlapd()

/** The attributes that a directory of Microsoft's has and that Berth is set to: one of them is no text. */
const schema = `attributetype ( 1.3.6.1.4.1.99999.1 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.2 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.3 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.4 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.99999.5 NAME 'user' SUP top AUXILIARY MAY ( objectGUID $ sAMAccountName $ userPrincipalName $ userAccountControl ) )`

/** 16 bytes, as they are: among them none, a bracket, a star and a backslash, and what is no UTF-8. */
const identity = Buffer.from('00ff2a285c29c328808182839ae1f00d', 'hex')

describe.skipIf(!ready)('a directory with the attributes of Active Directory', () => {
  let directory: TestDirectory
  let closed: ClosedRegistry
  const name = 'CN=Ada\\2C Countess,ou=people,dc=corp,dc=test'

  beforeAll(async () => {
    directory = await startDirectory({ name: 'corp', global: schema })
    await directory.add(
      `dn: ${name}
objectClass: inetOrgPerson
objectClass: user
cn: Ada, Countess
sn: Countess
sAMAccountName: Ada.C
userPrincipalName: ada@corp.test
userAccountControl: 512
objectGUID:: ${identity.toString('base64')}
userPassword: ada-in-corp`,
      group(directory, 'Devs', name),
    )
    const { 'groups-base': _, 'email-attribute': __, ...settings } = directory.settings
    closed = await startClosedRegistry(
      directoriesSetting({
        ...settings,
        filter: '(&(objectClass=user)(!(userAccountControl=514)))',
        'login-attributes': ['sAMAccountName', 'userPrincipalName'],
        'name-attribute': 'samaccountname',
        'subject-attribute': 'objectguid',
        'groups-attribute': 'memberOf',
        admins: ['cn=devs,ou=groups,dc=corp,dc=test'],
        recheck: '500ms',
      }),
    )
  }, 60_000)
  afterAll(async () => {
    await closed[Symbol.asyncDispose]()
    await directory.kill()
  })

  test('signs its people in, with groups that their entries name', async () => {
    expect(await whoIs(closed.url, 'ada.c', 'ada-in-corp')).toMatchObject({ name: 'ada.c', admin: true })
    expect(await whoIs(closed.url, 'ada@corp.test', 'ada-in-corp')).toMatchObject({ name: 'ada.c' })
  })

  test('knows them by an identity that is no text', async () => {
    const stored = await closed.metadata.findSignIn('ada.c')
    expect(stored?.outside).toEqual({ issuer: 'ldap:corp', subject: identity.toString('hex') })
    await directory.modify(
      `dn: ${name}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: countess`,
    )
    await Bun.sleep(600)
    // The account's name is nobody's there by now: she is found by what she is.
    expect(await whoIs(closed.url, 'ada.c', 'ada-in-corp')).toMatchObject({ name: 'ada.c' })
    expect(await whoIs(closed.url, 'countess', 'ada-in-corp')).toMatchObject({ name: 'ada.c' })
  })

  test('keeps out whom it has disabled', async () => {
    await directory.modify(
      `dn: ${name}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514`,
    )
    await Bun.sleep(600)
    expect(await whoIs(closed.url, 'countess', 'ada-in-corp')).toMatchObject({ status: 401 })
  })
})
