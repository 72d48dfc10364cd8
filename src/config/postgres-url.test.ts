import { describe, expect, test } from 'bun:test'
import { thrownBy } from '../../test/support/thrown.ts'
import { loadSettings } from './load.ts'
import { postgresUrl } from './postgres-url.ts'

describe('the URL of a PostgreSQL', () => {
  test('says where it is, as whom, and how it is to be trusted', () => {
    const url =
      'postgres://me:p%40ss@db.example.com:5433/images?sslmode=verify-full&sslrootcert=/ca.crt&application_name=a'
    expect(postgresUrl.parse(url)).toEqual({
      host: 'db.example.com',
      port: 5433,
      user: 'me',
      password: 'p@ss',
      database: 'images',
      applicationName: 'a',
      tls: { mode: 'verify-full', rootCertificate: '/ca.crt', certificate: undefined, key: undefined },
    })
  })

  test('may leave out what PostgreSQL’s own variables say, and name a socket', () => {
    expect(postgresUrl.parse('postgresql:///images?host=/var/run/postgresql')).toMatchObject({
      host: '/var/run/postgresql',
      port: undefined,
      user: undefined,
      password: undefined,
      database: 'images',
      tls: { mode: 'disable' },
    })
    expect(postgresUrl.parse('postgres://me@[::1]/images')).toMatchObject({ host: '::1' })
  })

  test('is none where it is empty', () => {
    expect(postgresUrl.parse('')).toBeNull()
  })

  test.each([
    ['mysql://a/b', 'postgres://'],
    ['postgres://u:sec/ret@host/db', 'URL'],
    ['postgres://host/a/b', 'path'],
    ['postgres://u:sec%ret@host/db', '%25'],
    ['postgres://host/db#x', '%23'],
    ['postgres://host/db?sslmode=prefer', 'sslmode'],
    ['postgres://host/db?statement_timeout=1', 'statement_timeout'],
    ['postgres://host/db?sslcert=/a.crt', 'sslkey'],
  ])('%s is refused, for its %s', (url, reason) => {
    expect(postgresUrl.parse(url)).toBeUndefined()
    expect(postgresUrl.problem?.(url)).toContain(reason)
  })

  test('is never repeated in a message, for it may hold a password', () => {
    for (const url of ['postgres://me:secret@host/db?x=y', 'post://me:secret@host', 'secret']) {
      const error = thrownBy(() => loadSettings({ flags: {}, environment: { BERTH_METADATA_URL: url } }))
      expect((error as Error).name).toBe('SettingError')
      expect((error as Error).message).not.toContain('secret')
    }
  })
})
