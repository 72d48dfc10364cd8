import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { theServer } from '../changes/attribution.ts'
import { type AttemptEnd, orderedAttempts } from '../changes/deliveries.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { app, hour, manifest, type OpenStore, other } from './fixtures.ts'
import { webhook } from './webhooks-fixtures.ts'

const hook = 'id-ci'
let claims = 0

export function deliveriesContract(open: OpenStore): void {
  test('what is due is claimed once, and told of as it ended', async () => {
    const store = await queue(open, [app])
    expect(await store.listDueWebhooks({ limit: 10 })).toEqual([hook])
    const first = await claim(store)
    expect(first.map(({ repository, attempts }) => [repository, attempts])).toEqual([[app, 1]])
    expect(await claim(store)).toEqual([])
    expect(await store.listDueWebhooks({ limit: 10 })).toEqual([])
    await end(store, first[0], { state: 'delivered', status: 200 })
    expect(await states(store)).toEqual(['delivered'])
    expect(await claim(store)).toEqual([])
  })

  test('a claim that nobody ends is another’s after its lease, and its own end comes too late', async () => {
    const store = await queue(open, [app])
    const [lost] = await claim(store, { lease: -1 })
    const [again] = await claim(store)
    expect(again?.attempts).toBe(2)
    expect(await end(store, lost, { state: 'delivered' })).toBe(false)
    expect(await states(store)).toEqual(['waiting'])
    expect(await end(store, again, { state: 'delivered' })).toBe(true)
  })

  test('events of one repository go in their order, those of others beside them', async () => {
    const store = await queue(open, [app, app, other])
    const first = await claim(store)
    expect(first.map(({ repository }) => repository)).toEqual([app, other])
    expect(await claim(store)).toEqual([])
    await end(store, first[0], { state: 'delivered' })
    const [next] = await claim(store)
    expect(next?.repository).toBe(app)
    expect((next?.id ?? '') > (first[0]?.id ?? '')).toBe(true)
  })

  test('one that fails holds the later ones of its repository back, but not for good', async () => {
    const store = await queue(open, [app, app])
    for (let attempt = 1; attempt <= orderedAttempts; attempt += 1) {
      const [held, ...more] = await claim(store)
      expect([held?.attempts, more.length]).toEqual([attempt, 0])
      const last = attempt === orderedAttempts
      await end(store, held, { state: 'waiting', delay: last ? hour : 0, status: 400 })
    }
    const [later] = await claim(store)
    expect(later?.attempts).toBe(1)
  })

  test('a webhook that fails gets no request for a while, then one, and all again when it answers', async () => {
    const store = await queue(open, [app, other])
    const [first] = await claim(store, { limit: 1 })
    await end(store, first, { state: 'waiting', endpoint: { state: 'fails', delay: hour } })
    expect(await store.listDueWebhooks({ limit: 10 })).toEqual([])
    expect(await claim(store)).toEqual([])
    await store.change('setWebhook', { id: hook, url: 'https://elsewhere.example/' })
    const [second, third] = await claim(store)
    await end(store, second, { state: 'waiting', endpoint: { state: 'fails', delay: 0 } })
    await end(store, third, { state: 'waiting', endpoint: { state: 'fails', delay: 0 } })
    const probe = await claim(store)
    expect(probe).toHaveLength(1)
    expect(await claim(store)).toEqual([])
    await end(store, probe[0], { state: 'delivered', endpoint: { state: 'answers' } })
    expect(await claim(store)).toHaveLength(1)
    expect(await store.findWebhook({ place: '', name: 'ci' })).toMatchObject({
      failures: null,
      failing_since: null,
    })
  })

  test('of many that claim at once each delivery is one’s, and each is claimed', async () => {
    const repositories = Array.from({ length: 30 }, (_, index) => `team/r${index}` as RepositoryName)
    const store = await queue(open, repositories)
    const ids: string[] = []
    for (let round = 0; round < 20 && ids.length < 30; round += 1) {
      const found = await Promise.all(Array.from({ length: 8 }, () => claim(store, { limit: 2 })))
      ids.push(...found.flat().map(({ id }) => id))
    }
    expect(new Set(ids).size).toBe(30)
    expect(ids).toHaveLength(30)
  })

  test('a webhook that is paused gives up what waits; enabled again it hears of what comes', async () => {
    const store = await queue(open, [app])
    expect(await store.change('pauseWebhook', { id: hook, why: 'it is gone' })).toBe(true)
    expect(await store.change('pauseWebhook', { id: hook, why: 'it is gone' })).toBe(false)
    const [delivery] = await deliveries(store)
    expect(delivery).toMatchObject({ state: 'failed', problem: 'the webhook was paused: it is gone' })
    await store.change('putManifest', manifest('unheard'))
    expect(await store.findWebhook({ place: '', name: 'ci' })).toMatchObject({ paused_why: 'it is gone' })
    await store.change('setWebhook', { id: hook, enabled: 1 })
    await store.change('putManifest', manifest('heard'))
    expect(await states(store)).toEqual(['waiting', 'failed'])
    expect(await store.findWebhook({ place: '', name: 'ci' })).toMatchObject({ paused_why: null })
  })

  test('a webhook that is disabled gives up what waits', async () => {
    const store = await queue(open, [app])
    await store.change('setWebhook', { id: hook, enabled: 0 })
    expect(await deliveries(store)).toMatchObject([{ state: 'failed', problem: 'the webhook was disabled' }])
  })

  test('many that fail again and again stand in nobody’s way', async () => {
    const store = await queue(open, [])
    const image = manifest('image', { tags: [] })
    const pull = { digest: image.digest, mediaType: 'x', size: 1, tag: null, by: theServer }
    const refused = Array.from({ length: 510 }, (_, index) => `team/r${index}` as RepositoryName)
    await store.change('setWebhook', { id: hook, actions: '["pull","push"]' })
    await store.change('tellPulls', { pulls: refused.map((repository) => ({ ...pull, repository })) })
    const again = (attempts: number) =>
      ({ state: 'waiting', delay: attempts < orderedAttempts ? 0 : hour }) as const
    for (;;) {
      const claimed = await claim(store, { limit: 300 })
      if (claimed.length === 0) break
      await Promise.all(claimed.map((one) => end(store, one, again(one.attempts))))
    }
    await push(store, app)
    expect((await claim(store)).map(({ repository }) => repository)).toContain(app)
  }, 60_000)

  test('what ended can be asked for once more, by who knows the webhook', async () => {
    const store = await queue(open, [app])
    const [delivery] = await claim(store)
    await end(store, delivery, { state: 'failed', status: 500, problem: 'no' })
    const id = delivery?.id ?? ''
    expect(await store.change('redeliver', { id, webhook: 'another' })).toBe(false)
    expect(await store.change('redeliver', { id, webhook: hook })).toBe(true)
    const [again] = await claim(store)
    expect(again).toMatchObject({ id, event: delivery?.event ?? '', attempts: 1 })
  })

  test('what ended is kept for a time and up to a number; too much that waits is given up', async () => {
    const store = await queue(open, [app, other, 'team/third' as RepositoryName])
    const tidy = { webhook: hook, keep: hour, most: 100, mostWaiting: 100, limit: 100 }
    expect(await store.change('tidyDeliveries', tidy)).toBe(false)
    await store.change('tidyDeliveries', { ...tidy, mostWaiting: 2 })
    expect(await states(store)).toEqual(['waiting', 'waiting', 'failed'])
    for (const one of await claim(store)) await end(store, one, { state: 'delivered' })
    expect(await store.change('tidyDeliveries', { ...tidy, most: 1, limit: 1 })).toBe(true)
    expect(await states(store)).toEqual(['delivered', 'failed'])
    await store.change('tidyDeliveries', { ...tidy, keep: -hour })
    expect(await states(store)).toEqual([])
  })

  test('webhooks that have deliveries are found one after the other', async () => {
    const store = await queue(open, [app])
    await store.change('createWebhook', webhook('other'))
    await push(store, app)
    expect(await store.nextWithDeliveries('')).toBe(hook)
    expect(await store.nextWithDeliveries(hook)).toBe('id-other')
    expect(await store.nextWithDeliveries('id-other')).toBeUndefined()
  })

  test('how much waits, and since when, is told', async () => {
    const store = await queue(open, [])
    expect(await store.sumWaiting({ most: 10 })).toEqual({ count: 0, oldestAge: undefined })
    for (const repository of [app, other]) await push(store, repository)
    const { count, oldestAge } = await store.sumWaiting({ most: 10 })
    expect(count).toBe(2)
    expect(oldestAge).toBeGreaterThanOrEqual(0)
    expect((await store.sumWaiting({ most: 1 })).count).toBe(1)
  })

  test('deliveries are listed page by page, the latest first', async () => {
    const store = await queue(open, [app, app, app, app])
    const [first] = await claim(store)
    await end(store, first, { state: 'delivered' })
    const page = (after: string) => store.listDeliveries({ webhook: hook, state: undefined, after, limit: 3 })
    const found = await page('')
    const rest = await page(found.at(-1)?.id ?? '')
    const ids = [...found, ...rest].map(({ id }) => id)
    expect(ids).toHaveLength(4)
    expect(ids).toEqual(ids.toSorted().toReversed())
    expect(rest[0]?.id).toBe(first?.id as string)
    expect(
      await store.listDeliveries({ webhook: hook, state: 'delivered', after: '', limit: 3 }),
    ).toHaveLength(1)
  })
}

/** A webhook, and an event for it in each of the repositories. */
async function queue(open: OpenStore, repositories: readonly RepositoryName[]): Promise<MetadataStore> {
  const store = await open()
  await store.change('createWebhook', webhook('ci'))
  for (const repository of repositories) await push(store, repository)
  return store
}

async function push(store: MetadataStore, repository: RepositoryName): Promise<void> {
  await store.change('putManifest', { ...manifest('image'), repository })
}

async function claim(store: MetadataStore, { limit = 10, lease = hour } = {}) {
  claims += 1
  const args = { webhook: hook, claim: `claim ${claims}`, limit, lease }
  return (await store.change('claimDeliveries', args))?.deliveries ?? []
}

type Claimed = Awaited<ReturnType<typeof claim>>[number]

function end(
  metadata: MetadataStore,
  delivery: Claimed | undefined,
  changed: Partial<AttemptEnd>,
): Promise<boolean> {
  return metadata.change('endAttempt', {
    id: delivery?.id ?? '',
    claim: delivery?.claim ?? '',
    webhook: hook,
    state: 'delivered',
    delay: 0,
    status: null,
    problem: null,
    duration: 1,
    endpoint: { state: 'unknown' },
    ...changed,
  })
}

function deliveries(metadata: MetadataStore) {
  return metadata.listDeliveries({ webhook: hook, state: undefined, after: '', limit: 100 })
}

async function states(metadata: MetadataStore): Promise<string[]> {
  return (await deliveries(metadata)).map(({ state }) => state)
}
