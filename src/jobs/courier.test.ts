import { afterEach, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import {
  add,
  deliveries,
  openStore,
  push,
  secret,
  start,
  stopAll,
  stopLater,
  until,
  untilStates,
} from '../../test/support/courier.ts'
import { isSigned, startReceiver } from '../../test/support/receiver.ts'
import { newWebhookSecret } from '../notifications/signature.ts'

afterEach(stopAll)

const hour = 3_600_000

describe('the courier', () => {
  test('tells a webhook of what was pushed, signed, and records it', async () => {
    await using receiver = startReceiver()
    const store = await openStore()
    await add(store, 'ci', receiver.url, { headers: '{"Authorization":"Bearer token"}' })
    const image = await push(store, 'team/app')
    start(store)
    const [told] = await receiver.until(1)
    expect(told?.event).toMatchObject({
      action: 'push',
      target: { repository: 'team/app', digest: image.digest, tag: 'v1' },
      source: { addr: 'here:5000', instanceID: 'instance' },
    })
    expect(told?.headers.get('content-type')).toBe('application/vnd.docker.distribution.events.v2+json')
    expect(told?.headers.get('authorization')).toBe('Bearer token')
    expect(told?.headers.get('user-agent')).toBe('berth/test')
    expect(told?.headers.get('webhook-id')).toBe(told?.event.id)
    expect(told && isSigned(told, secret)).toBe(true)
    expect(told && isSigned(told, newWebhookSecret())).toBe(false)
    await untilStates(store, 'ci', ['delivered'])
    expect(await deliveries(store, 'ci')).toMatchObject([{ status: 200, problem: null, attempts: 1 }])
  })

  test('tries again what failed, under the same id, until it is taken', async () => {
    await using receiver = startReceiver((_, count) => new Response(null, { status: count < 2 ? 500 : 200 }))
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    await push(store, 'team/app')
    start(store)
    const received = await receiver.until(3)
    expect(new Set(received.map(({ event }) => event.id)).size).toBe(1)
    await untilStates(store, 'ci', ['delivered'])
    expect(await deliveries(store, 'ci')).toMatchObject([{ attempts: 3 }])
  })

  test('a receiver that hangs holds back nobody else, and gets one request at a time', async () => {
    await using hanging = startReceiver(() => new Promise<Response>(() => undefined))
    await using quick = startReceiver()
    const store = await openStore()
    await add(store, 'hanging', hanging.url)
    await add(store, 'quick', quick.url)
    for (let index = 0; index < 12; index += 1) await push(store, `team/r${index}`)
    const begun = performance.now()
    start(store, { timeout: 600, delay: () => 50 })
    await quick.until(12, 5000)
    expect(performance.now() - begun).toBeLessThan(4000)
    const failures = async () => (await store.findWebhook({ place: '', name: 'hanging' }))?.failures ?? 0
    await until(async () => (await failures()) >= 4, true)
    const before = hanging.received.length
    await Bun.sleep(400)
    expect(hanging.received.length - before).toBeLessThanOrEqual(1)
    const [first] = (await deliveries(store, 'hanging')).reverse()
    expect(first).toMatchObject({ state: 'waiting', problem: 'no whole answer within 0.6 s', status: null })
  })

  test('a redirect is a failure that says where it led, and nothing goes there', async () => {
    await using secretive = startReceiver()
    await using receiver = startReceiver(() => Response.redirect(secretive.url, 307))
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    await push(store, 'team/app')
    start(store, { retryFor: 0 })
    await untilStates(store, 'ci', ['failed'])
    const [delivery] = await deliveries(store, 'ci')
    expect(delivery?.problem).toContain(`a redirect to ${secretive.url}, which is not followed`)
    expect([receiver.received.length, secretive.received.length]).toEqual([1, 0])
  })

  test('a private address is not asked, be it named or behind a name', async () => {
    await using receiver = startReceiver()
    const store = await openStore()
    await add(store, 'plain', receiver.url)
    await add(store, 'named', receiver.url.replace('127.0.0.1', 'innocent.example'))
    await push(store, 'team/app')
    start(store, { retryFor: 0, allowed: [] })
    await untilStates(store, 'plain', ['failed'])
    await untilStates(store, 'named', ['failed'])
    const problem = async (name: string) => (await deliveries(store, name))[0]?.problem
    expect(await problem('plain')).toBe('127.0.0.1 may not be reached: it is a loopback address')
    expect(await problem('named')).toBe(
      'innocent.example leads to an address that may not be reached: it is a loopback address',
    )
    expect(receiver.received).toEqual([])
  })

  test('a huge answer, a slow one and one without a body are all the same once its status is there', async () => {
    const drip = () =>
      new ReadableStream({
        async pull(stream) {
          await Bun.sleep(50)
          stream.enqueue(new Uint8Array(10))
        },
      })
    await using huge = startReceiver(() => new Response(new Uint8Array(50_000_000)))
    await using slow = startReceiver(() => new Response(drip()))
    const store = await openStore()
    await add(store, 'huge', huge.url)
    await add(store, 'slow', slow.url)
    await push(store, 'team/app')
    start(store, { timeout: 2000 })
    await untilStates(store, 'huge', ['delivered'])
    await untilStates(store, 'slow', ['delivered'])
    expect((await deliveries(store, 'slow'))[0]?.duration).toBeLessThan(1500)
  })

  test('a receiver that closes the connection, and one that is not there, are told apart in words', async () => {
    const closing = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    stopLater(async () => void closing.close())
    const { port } = closing.address() as { port: number }
    const store = await openStore()
    await add(store, 'closing', `http://127.0.0.1:${port}/`)
    await add(store, 'absent', 'http://127.0.0.1:1/')
    await push(store, 'team/app')
    start(store, { retryFor: 0 })
    await untilStates(store, 'closing', ['failed'])
    await untilStates(store, 'absent', ['failed'])
    expect((await deliveries(store, 'closing'))[0]?.problem).toContain('closed before')
    expect((await deliveries(store, 'absent'))[0]?.problem).toContain('connection refused')
  })

  test('an event that the receiver refuses is given up after its time, and holds the others back no longer', async () => {
    await using receiver = startReceiver(({ event }) =>
      event.target.tag === 'bad' ? new Response(null, { status: 422 }) : new Response(),
    )
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    await push(store, 'team/app', 'bad')
    await push(store, 'team/app', 'good')
    start(store, { retryFor: 700, delay: () => 60 })
    await untilStates(store, 'ci', ['delivered', 'failed'])
    const tags = receiver.received.map(({ event }) => event.target.tag as string)
    expect(tags.indexOf('good')).toBe(3)
    expect(tags.filter((tag) => tag === 'bad').length).toBeGreaterThan(3)
    expect((await deliveries(store, 'ci'))[1]).toMatchObject({ status: 422, problem: 'the answer was 422' })
  })

  test('who answers that he is gone is paused, and what waits for him is given up', async () => {
    await using receiver = startReceiver(() => new Response(null, { status: 410 }))
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    await push(store, 'team/app')
    start(store)
    await untilStates(store, 'ci', ['failed'])
    expect(await store.findWebhook({ place: '', name: 'ci' })).toMatchObject({
      enabled: 0,
      paused_why: 'the receiver answered 410',
    })
  })

  test('who failed for days is paused', async () => {
    const store = await openStore()
    await add(store, 'ci', 'http://127.0.0.1:1/')
    await push(store, 'team/app')
    start(store, { delay: () => 20, later: 30 * hour, retryFor: hour })
    await untilStates(store, 'ci', ['failed'])
    const found = await store.findWebhook({ place: '', name: 'ci' })
    expect(found?.paused_why).toStartWith('nothing but failures since 20')
  })

  test('a receiver that asks for time gets it', async () => {
    const busy = new Response(null, { status: 429, headers: { 'Retry-After': '2' } })
    await using receiver = startReceiver((_, count) => (count === 0 ? busy : new Response()))
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    await push(store, 'team/app')
    start(store, { delay: () => 10 })
    await receiver.until(1)
    const begun = performance.now()
    await receiver.until(2)
    expect(performance.now() - begun).toBeGreaterThan(1800)
  })

  test('a secret that was replaced signs beside the new one for a while', async () => {
    await using receiver = startReceiver()
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    const next = newWebhookSecret()
    await store.change('setWebhook', { id: 'id-ci', secret: next, overlap: hour })
    await push(store, 'team/app')
    start(store)
    const [told] = await receiver.until(1)
    expect(told && [isSigned(told, secret), isSigned(told, next)]).toEqual([true, true])
    await store.change('setWebhook', { id: 'id-ci', secret: next, overlap: -1 })
    await push(store, 'team/app', 'v2')
    const [, later] = await receiver.until(2)
    expect(later && [isSigned(later, secret), isSigned(later, next)]).toEqual([false, true])
  })

  test('many couriers on one queue tell of each event, in the order of its repository', async () => {
    await using receiver = startReceiver()
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    for (let index = 0; index < 40; index += 1) await push(store, `team/r${index % 4}`, `v${index}`)
    for (let index = 0; index < 3; index += 1) start(store)
    await receiver.until(40)
    await Bun.sleep(200)
    expect(receiver.received).toHaveLength(40)
    for (const repository of ['team/r0', 'team/r3']) {
      const tags = receiver.received
        .filter(({ event }) => event.target.repository === repository)
        .map(({ event }) => Number(event.target.tag.slice(1)))
      expect(tags).toEqual(tags.toSorted((a, b) => a - b))
    }
  })

  test('one that ends breaks its attempts off, and the next one makes them at once', async () => {
    let hang = true
    await using receiver = startReceiver(() =>
      hang ? new Promise<Response>(() => undefined) : new Response(),
    )
    const store = await openStore()
    await add(store, 'ci', receiver.url)
    await push(store, 'team/app')
    const first = start(store, { timeout: 20_000 })
    await receiver.until(1)
    await first.stop()
    hang = false
    start(store)
    await receiver.until(2, 3000)
    await untilStates(store, 'ci', ['delivered'])
    expect(await store.findWebhook({ place: '', name: 'ci' })).toMatchObject({ failures: null })
  }, 20_000)
})
