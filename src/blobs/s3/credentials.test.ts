import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { credentialsOf, remembered } from './credentials.ts'
import { S3Requests } from './requests.ts'

test('takes the two variables where they are set', async () => {
  const environment = {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
  }
  expect(await credentialsOf(environment, 'eu-central-1')()).toEqual({
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    sessionToken: 'token',
  })
})

test('takes the profile of a shared file', async () => {
  const file = join(await temporaryDirectory(), 'credentials')
  await Bun.write(file, '[team]\naws_access_key_id = fromfile\naws_secret_access_key = hidden\n')
  const script = `
    const { credentialsOf } = await import(${JSON.stringify(join(import.meta.dir, 'credentials.ts'))})
    console.log((await credentialsOf(process.env, 'us-east-1')()).accessKeyId)`
  const child = Bun.spawn([process.execPath, '-e', script], {
    env: { PATH: process.env.PATH ?? '', AWS_PROFILE: 'team', AWS_SHARED_CREDENTIALS_FILE: file },
    stdout: 'pipe',
  })
  expect((await new Response(child.stdout).text()).trim()).toBe('fromfile')
}, 30_000)

test('asks again before they end, and once for all who wait', async () => {
  let now = 0
  let asked = 0
  const source = remembered(
    async () => {
      asked += 1
      return { accessKeyId: String(asked), secretAccessKey: 's', expiration: new Date(now + 3_600_000) }
    },
    () => now,
  )
  const both = await Promise.all([source(), source()])
  expect(both.map(({ accessKeyId }) => accessKeyId)).toEqual(['1', '1'])
  now = 3_200_000
  expect((await source()).accessKeyId).toBe('1')
  now = 3_400_000
  expect((await source()).accessKeyId).toBe('2')
})

test('what the search for credentials says never leaves it', async () => {
  const requests = new S3Requests({
    bucket: 'b',
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:9',
    pathStyle: true,
    credentials: async () => {
      throw new Error('the secret is hunter2')
    },
  })
  const failure = await requests
    .send({ operation: 'HeadObject', method: 'HEAD', key: 'k' }, () => undefined)
    .catch((error: unknown) => error)
  expect(String(failure)).toContain('no credentials were found')
  expect(Bun.inspect(failure)).not.toContain('hunter2')
})
