import { expect, test } from 'bun:test'
import { freePort } from '../../support/berth.ts'
import { ask } from '../../support/management.ts'
import { pushImage } from '../../support/push.ts'
import { isSigned, startReceiver } from '../../support/receiver.ts'
import { addWebhook, startNotifying, untilDeliveries } from '../../support/webhooks.ts'

test('a push is told within seconds, signed with the secret that was shown once', async () => {
  await using receiver = startReceiver()
  const berth = await startNotifying()
  const secret = await addWebhook(berth, { url: receiver.url })
  const { digest } = await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'v1' })
  const [told] = await receiver.until(1, 5000)
  expect(told?.event).toMatchObject({
    action: 'push',
    target: { repository: 'team/app', tag: 'v1', digest },
    request: { method: 'PUT', host: `127.0.0.1:${berth.port}` },
  })
  expect(told && isSigned(told, secret)).toBe(true)
  await untilDeliveries(berth, 'delivered')
  const metrics = await (await fetch(`${berth.url}/metrics`)).text()
  expect(metrics).toContain('berth_notifications_delivered_total 1\n')
  expect(metrics).toContain('berth_notifications_waiting 0\n')
  await berth.stop()
})

test('what was pushed before a kill is told after it, once the receiver is there', async () => {
  const port = await freePort()
  const berth = await startNotifying()
  await addWebhook(berth, { url: `http://127.0.0.1:${port}/` })
  await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'v1' })
  await berth.stop('SIGKILL')
  await using receiver = startReceiver(undefined, { port })
  const again = await startNotifying({ data: berth.data })
  const [told] = await receiver.until(1, 30_000)
  expect(told?.event.target).toMatchObject({ repository: 'team/app', tag: 'v1' })
  await again.stop()
}, 60_000)

test('a kill in the middle of an attempt has it made once more, under the same id', async () => {
  let hang = true
  await using receiver = startReceiver(() => (hang ? new Promise<Response>(() => undefined) : new Response()))
  const berth = await startNotifying({ env: { BERTH_NOTIFICATIONS_TIMEOUT: '2s' } })
  await addWebhook(berth, { url: receiver.url })
  await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'v1' })
  await receiver.until(1)
  await berth.stop('SIGKILL')
  hang = false
  const again = await startNotifying({ data: berth.data, env: { BERTH_NOTIFICATIONS_TIMEOUT: '2s' } })
  const [first, second] = await receiver.until(2, 40_000)
  expect(second?.event.id).toBe(first?.event.id)
  await untilDeliveries(again, 'delivered')
  await again.stop()
}, 80_000)

test('a receiver that fails and then works, one that hangs, and one that redirects to a private address', async () => {
  await using failing = startReceiver((_, count) => new Response(null, { status: count < 1 ? 503 : 204 }))
  await using hanging = startReceiver(() => new Promise<Response>(() => undefined))
  const inside = 'http://169.254.169.254/latest/meta-data'
  await using redirecting = startReceiver(() => Response.redirect(inside, 302))
  const env = { BERTH_NOTIFICATIONS_TIMEOUT: '1s', BERTH_NOTIFICATIONS_RETRY_FOR: '1m' }
  const berth = await startNotifying({ env })
  await addWebhook(berth, { name: 'failing', url: failing.url })
  await addWebhook(berth, { name: 'hanging', url: hanging.url })
  await addWebhook(berth, { name: 'redirecting', url: redirecting.url })
  await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'v1' })
  const [delivered] = await untilDeliveries(berth, 'delivered', 'failing')
  expect(delivered).toMatchObject({ attempts: 2, status: 204 })
  const problemOf = async (name: string) => (await untilDeliveries(berth, 'waiting', name))[0]?.problem
  expect(await problemOf('hanging')).toBe('no whole answer within 1 s')
  expect(await problemOf('redirecting')).toBe(
    `the answer was 302, a redirect to ${inside}, which is not followed: set the webhook’s URL to where it leads`,
  )
  // Pushes don't wait for any of them.
  const begun = performance.now()
  await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'v2', content: 'other' })
  expect(performance.now() - begun).toBeLessThan(2000)
  await berth.stop()
}, 60_000)

test('a private address is refused when it is named, and when a name leads to it', async () => {
  await using receiver = startReceiver()
  const berth = await startNotifying({ env: { BERTH_NOTIFICATIONS_ALLOW_PRIVATE: '' } })
  for (const url of [
    'http://127.0.0.1:1/',
    'http://[::ffff:10.0.0.1]/',
    'http://0x7f.1/',
    'http://169.254.169.254/',
  ])
    expect((await ask(berth.url, 'POST', '/webhooks', { name: 'ci', url })).body.errors[0]).toMatchObject({
      code: 'PARAMETER_INVALID',
      message: expect.stringContaining('notifications.allow-private'),
    })
  await addWebhook(berth, { url: receiver.url.replace('127.0.0.1', 'localhost') })
  await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'v1' })
  const tested = (await ask(berth.url, 'POST', '/webhooks/ci/test', {})).body
  const problem = 'localhost leads to an address that may not be reached: it is a loopback address'
  expect(tested).toMatchObject({ delivered: false, status: null, problem })
  await Bun.sleep(1500)
  expect((await ask(berth.url, 'GET', '/webhooks/ci/deliveries')).body.deliveries).toMatchObject([
    { state: 'waiting', problem, attempts: 1 },
  ])
  expect(receiver.received).toEqual([])
  await berth.stop()
})

test('pulls are told to who asks for them', async () => {
  await using receiver = startReceiver()
  const berth = await startNotifying()
  const remote = { url: berth.url, repository: 'team/app' }
  const { digest } = await pushImage(remote, { reference: 'v1' })
  await addWebhook(berth, { url: receiver.url, actions: ['pull'] })
  // A process hears that somebody listens within seconds.
  const pull = async () => {
    await (
      await fetch(`${berth.url}/v2/team/app/manifests/v1`, { headers: { 'User-Agent': 'puller' } })
    ).bytes()
  }
  for (let tries = 0; tries < 200 && receiver.received.length === 0; tries += 1) {
    await pull()
    await Bun.sleep(100)
  }
  const [told] = receiver.received
  expect(told?.event).toMatchObject({
    action: 'pull',
    target: { repository: 'team/app', tag: 'v1', digest },
    request: { method: 'GET', useragent: 'puller' },
  })
  await berth.stop()
}, 40_000)

test('with workers each event is told, and none twice', async () => {
  await using receiver = startReceiver()
  const berth = await startNotifying({ env: { BERTH_WORKERS: '2' } })
  await addWebhook(berth, { url: receiver.url })
  const images = Array.from({ length: 20 }, (_, index) =>
    pushImage({ url: berth.url, repository: `team/r${index % 5}` }, { reference: `v${index}` }),
  )
  await Promise.all(images)
  await receiver.until(20)
  await Bun.sleep(500)
  expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(20)
  expect(receiver.received).toHaveLength(20)
  await berth.stop()
}, 40_000)

test('a webhook that is there or not, a push of the same image is answered the same', async () => {
  await using receiver = startReceiver()
  const berth = await startNotifying()
  const remote = { url: berth.url, repository: 'team/app' }
  const before = await pushImage(remote, { reference: 'v1' })
  await addWebhook(berth, { url: receiver.url, enabled: false })
  expect(await pushImage(remote, { reference: 'v1' })).toEqual(before)
  await Bun.sleep(1500)
  expect(receiver.received).toEqual([])
  await berth.stop()
})
