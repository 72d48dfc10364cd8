import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RunningBerth, temporaryDirectory } from '../../support/berth.ts'
import { pushImage } from '../../support/push.ts'
import { isSigned, type Receiver, startReceiver } from '../../support/receiver.ts'
import { berth as run, startNotifying, untilDeliveries } from '../../support/webhooks.ts'

const ways: [name: string, way: (berth: RunningBerth) => string[]][] = [
  ['on the data directory, beside the server', ({ data }) => ['--data', data]],
  ['through the API', ({ url }) => ['--server', url]],
]

describe.each(ways)('an operator %s', (_, way) => {
  let berth: RunningBerth
  let receiver: Receiver
  beforeAll(async () => {
    receiver = startReceiver(
      ({ event }) => new Response(null, { status: event.target.tag === 'bad' ? 400 : 200 }),
    )
    berth = await startNotifying({ env: { BERTH_NOTIFICATIONS_RETRY_FOR: '0s' } })
  })
  afterAll(async () => {
    await berth.stop()
    await receiver[Symbol.asyncDispose]()
  })
  const webhook = (...args: string[]) => run('webhook', ...args, ...way(berth))
  const json = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await webhook(...args, '--output', 'json')
    if (exitCode !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  }

  test('makes a webhook, sees how it is, tries it, and has an event told once more', async () => {
    const url = `${receiver.url.replace('//', '//me:secret-word@')}?token=hidden-word`
    const made = await webhook('add', 'ci', url, '--header', 'X-Token: header-word')
    expect(made.stdout).toMatch(/^ {2}name +ci$/m)
    const secret = /whsec_\S+/.exec(made.stdout)?.[0] ?? ''
    const shown = (await webhook('show', 'ci')).stdout + (await webhook('list')).stdout
    expect(shown).toContain('//…@127.0.0.1')
    expect(shown).toContain('X-Token')
    for (const word of ['secret-word', 'hidden-word', 'header-word', secret])
      expect(shown).not.toContain(word)

    expect(await webhook('test', 'ci')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^the receiver took it: 200, after \d+ ms\n$/),
    })
    const [ping] = receiver.received
    expect(ping?.event).toMatchObject({ action: 'ping', target: { repository: '' } })
    expect(ping?.headers.get('authorization')).toBe(`Basic ${btoa('me:secret-word')}`)
    expect(ping?.headers.get('x-token')).toBe('header-word')
    expect(ping && isSigned(ping, secret)).toBe(true)

    await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'bad' })
    await untilDeliveries(berth, 'failed')
    const failed = await webhook('deliveries', 'ci', '--failed')
    expect(failed.stdout).toMatch(/push team\/app:bad +failed +1 +the answer was 400$/m)
    expect((await webhook('deliveries', 'ci', '--delivered')).stdout).toContain('was told nothing yet')
    const { deliveries } = await json('deliveries', 'ci')
    const count = receiver.received.length
    expect((await webhook('redeliver', 'ci', deliveries[0].id)).stdout).toContain(
      'waits to be sent once more',
    )
    const again = await receiver.until(count + 1)
    expect(again.at(-1)?.event.id).toBe(deliveries[0].event)
    expect((await webhook('redeliver', 'ci', 'none')).stderr).toContain('there is no delivery none')
  })

  test('changes a webhook, gives it another secret, disables and removes it', async () => {
    const file = join(await temporaryDirectory(), 'secret')
    await Bun.write(file, `whsec_${Buffer.alloc(32, 1).toString('base64')}\n`)
    await json('add', 'other', receiver.url, '--on', 'team/app', '--secret-file', file, '--action', 'delete')
    expect((await webhook('show', 'other')).stderr).toContain('there is no webhook other here')
    const on = ['--on', 'team/app']
    const changed = await json(
      'set',
      'other',
      ...on,
      '--action',
      'push,pull',
      '--blobs',
      'true',
      '--new-secret',
    )
    expect(changed).toMatchObject({
      actions: ['push', 'pull'],
      blobs: true,
      on: { kind: 'repository', name: 'team/app' },
      secret: expect.stringMatching(/^whsec_/),
      oldSecretUntil: expect.any(String),
    })
    expect(await json('set', 'other', ...on, '--enabled', 'false')).toMatchObject({
      enabled: false,
      secret: null,
    })
    expect((await webhook('list', '--all')).stdout).toMatch(/^other +team\/app .* push,pull +disabled$/m)
    expect((await webhook('redeliver', 'other', 'x', ...on)).stderr).toContain('is disabled: enable it first')
    expect((await webhook('remove', 'other', ...on)).exitCode).toBe(2)
    expect((await webhook('remove', 'other', ...on, '--yes')).stdout).toBe('the webhook other is gone\n')
    expect((await json('list', ...on)).webhooks).toEqual([])
  })

  test.each([
    [['add', 'Bad Name', 'https://x.example/'], 'a webhook’s name has lower-case letters'],
    [['add', 'a', 'ftp://x.example/'], 'a webhook’s URL is one such as'],
    [['add', 'a', 'https://x.example/#part'], 'has no #'],
    [['add', 'a', 'http://10.0.0.1/'], 'it is a private address; the setting notifications.allow-private'],
    [['add', 'a', 'https://x.example/', '--action', 'shout'], 'push, pull, mount, delete'],
    [['add', 'a', 'https://x.example/', '--header', 'Host: y'], 'the header Host is the registry’s own'],
    [['add', 'a', 'https://x.example/', '--header', 'no colon'], '--header is NAME: VALUE'],
    [['add', 'a', 'https://x.example/', '--media-type', 'v3'], '--media-type is v1 or v2'],
    [['add', 'a', 'https://x.example/', '--on', 'nobody'], 'there is no namespace nobody'],
    [['add', 'a', 'https://x.example/', '--repositories', 'A B'], 'a pattern of repositories'],
    [['set', 'ci'], 'nothing is to be changed'],
    [['set', 'ci', '--enabled', 'maybe'], '--enabled is true or false'],
    [['set', 'none', '--enabled', 'true'], 'there is no webhook none here'],
    [['test', 'none'], 'there is no webhook none here'],
    [['deliveries', 'ci', '--failed', '--waiting'], 'give one'],
  ])('is told what is wrong with %j', async (args, message) => {
    const { exitCode, stderr } = await webhook(...args)
    expect(exitCode).toBeGreaterThan(0)
    expect(stderr).toContain(message)
  })

  test('hears from a test that failed with the exit code 1', async () => {
    await json('add', 'absent', 'http://127.0.0.1:1/')
    const { exitCode, stdout } = await webhook('test', 'absent')
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('connection refused')])
  })
})
