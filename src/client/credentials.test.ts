import { expect, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import { basicAuthorization, findLogin, forgetLogin, keepLogin, loginsFile } from './credentials.ts'

const inNewFile = async () => join(await temporaryDirectory(), 'config/berth/logins.json')

test('a login is kept for its server, and for its owner alone', async () => {
  const file = await inNewFile()
  expect(await findLogin('https://hub.test', file)).toBeUndefined()
  await keepLogin('https://hub.test/', { name: 'alice', password: 'one' }, file)
  await keepLogin('http://hub.test', { name: 'bob', password: 'two' }, file)
  expect(await findLogin('https://hub.test:443', file)).toEqual({ name: 'alice', password: 'one' })
  expect(await findLogin('http://hub.test', file)).toEqual({ name: 'bob', password: 'two' })
  expect(await findLogin('https://other.test', file)).toBeUndefined()
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('a login that is forgotten leaves the others', async () => {
  const file = await inNewFile()
  for (const server of ['https://a.test', 'https://b.test'])
    await keepLogin(server, { name: 'alice', password: 'x' }, file)
  expect(await forgetLogin('https://a.test', file)).toBe(true)
  expect(await forgetLogin('https://a.test', file)).toBe(false)
  expect(await findLogin('https://b.test', file)).toBeDefined()
})

test('the file lies where others of the user lie', () => {
  expect(loginsFile({ XDG_CONFIG_HOME: '/home/alice/etc' })).toBe('/home/alice/etc/berth/logins.json')
})

test('a login is sent as Basic', () => {
  expect(basicAuthorization({ name: 'alice', password: 'pä:ss' })).toBe('Basic YWxpY2U6cMOkOnNz')
})
