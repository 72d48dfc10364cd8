import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { as, basic, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import { pushImage } from '../../support/push.ts'
import { startReceiver } from '../../support/receiver.ts'
import { allowLoopback } from '../../support/webhooks.ts'

const webhook = { name: 'ci', url: 'http://127.0.0.1:9/hook', headers: { Authorization: 'Bearer word' } }

describe('on a closed registry', () => {
  let registry: ClosedRegistry
  beforeAll(async () => {
    registry = await startClosedRegistry({ env: { BERTH_LOG_LEVEL: 'error', ...allowLoopback } })
  })
  afterAll(() => registry[Symbol.asyncDispose]())

  const ask = async (who: string | undefined, method: string, path: string, body?: object) => {
    const answer = await as(who, `${registry.url}/api/v1${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    })
    // biome-ignore lint/suspicious/noExplicitAny: what it holds is for each test to say
    return { status: answer.status, body: (await answer.json()) as any }
  }

  test('webhooks of the whole registry are the administrators’', async () => {
    const [alice, root] = [basic(registry.alice), basic(registry.root)]
    expect((await ask(undefined, 'POST', '/webhooks', webhook)).status).toBe(401)
    for (const [method, path, body] of [
      ['POST', '/webhooks', webhook],
      ['GET', '/webhooks'],
      ['GET', '/webhooks?anywhere=true'],
      ['GET', '/webhooks/ci'],
      ['PUT', '/webhooks/ci', {}],
      ['DELETE', '/webhooks/ci'],
      ['POST', '/webhooks/ci/test', {}],
      ['GET', '/webhooks/ci/deliveries'],
      ['POST', '/webhooks/ci/deliveries/x/redeliver', {}],
    ] as const)
      expect([path, (await ask(alice, method, path, body)).status]).toEqual([path, 403])
    expect((await ask(root, 'POST', '/webhooks', webhook)).status).toBe(200)
    expect((await ask(root, 'GET', '/webhooks/ci')).body).toMatchObject({
      headers: ['Authorization'],
      createdBy: 'harbourmaster',
    })
    expect((await ask(root, 'DELETE', '/webhooks/ci')).status).toBe(200)
  })

  test('who administers a namespace or a repository has its webhooks, and no other’s', async () => {
    const [alice, bob] = [basic(registry.alice), basic(registry.bob)]
    const own = '?namespace=alice'
    expect((await ask(alice, 'POST', `/webhooks${own}`, webhook)).status).toBe(200)
    expect((await ask(alice, 'POST', '/webhooks?repository=alice%2Fpublic', webhook)).status).toBe(200)
    for (const place of [own, '?repository=alice%2Fpublic', '?repository=alice%2Fprivate']) {
      expect((await ask(bob, 'POST', `/webhooks${place}`, webhook)).status).toBe(403)
      expect((await ask(bob, 'GET', `/webhooks/ci${place}`)).status).toBe(403)
      expect((await ask(bob, 'GET', `/webhooks/ci/deliveries${place}`)).status).toBe(403)
    }
    const { body } = await ask(basic(registry.root), 'GET', '/webhooks?anywhere=true')
    expect(body.webhooks.map((one: { on: object }) => one.on)).toEqual([
      { kind: 'namespace', name: 'alice' },
      { kind: 'repository', name: 'alice/public' },
    ])
    const twice = await ask(alice, 'GET', '/webhooks?namespace=alice&repository=alice%2Fpublic')
    expect(twice.body.errors[0].message).toContain('give one')
    for (const place of [own, '?repository=alice%2Fpublic'])
      expect((await ask(alice, 'DELETE', `/webhooks/ci${place}`)).status).toBe(200)
  })

  test('who pushed is told, and a webhook of another namespace hears nothing', async () => {
    await using receiver = startReceiver()
    const [alice, bob] = [basic(registry.alice), basic(registry.bob)]
    const url = receiver.url
    await ask(alice, 'POST', '/webhooks?namespace=alice', { name: 'own', url })
    await ask(bob, 'POST', '/webhooks?namespace=bob', { name: 'own', url: `${url}/bob` })
    await pushImage(
      { url: registry.url, repository: 'alice/told', authorization: alice },
      { reference: 'v1' },
    )
    const [told] = await receiver.until(1)
    expect(told?.event.actor).toEqual({ name: 'alice' })
    expect(told?.event.target.repository).toBe('alice/told')
    await Bun.sleep(1500)
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook'])
  })
})
