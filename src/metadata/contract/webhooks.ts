import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { theServer } from '../changes/attribution.ts'
import { user } from './accounts-fixtures.ts'
import {
  app,
  deletion,
  failureOf,
  hour,
  manifest,
  type OpenStore,
  other,
  refersTo,
  storeBlob,
  tag,
} from './fixtures.ts'
import { toldTo, webhook } from './webhooks-fixtures.ts'

const by = { repository: app, caller: 'tester', immutable: [], grace: hour }
const mediaType = 'application/vnd.oci.image.manifest.v1+json'

export function webhooksContract(open: OpenStore): void {
  test('a webhook is made, found by its place and name, changed and deleted', async () => {
    const store = await open()
    await store.change('createWebhook', webhook('ci'))
    await store.change(
      'createWebhook',
      webhook('own', { place: 'namespace:team', name: 'ci', headers: '{"A":"b"}' }),
    )
    expect(await failureOf(store.change('createWebhook', webhook('two', { name: 'ci' })))).toMatchObject({
      code: 'NAME_TAKEN',
    })
    expect(await store.findWebhook({ place: '', name: 'ci' })).toMatchObject({
      id: 'id-ci',
      enabled: 1,
      old_secret: null,
      created_at: expect.any(Number),
    })
    const page = { after: { place: '', name: '' }, limit: 10 }
    const names = async (place: '' | undefined) =>
      (await store.listWebhooks({ ...page, place })).map(({ id }) => id)
    expect(await names(undefined)).toEqual(['id-ci', 'id-own'])
    expect(await names('')).toEqual(['id-ci'])
    expect(
      await store.listWebhooks({ place: undefined, after: { place: '', name: 'ci' }, limit: 10 }),
    ).toHaveLength(1)

    const change = { id: 'id-ci', enabled: 0, blobs: 1, secret: 'new', overlap: hour }
    expect(await store.change('setWebhook', change)).toBe(true)
    expect(await store.findWebhook({ place: '', name: 'ci' })).toMatchObject({
      enabled: 0,
      blobs: 1,
      url: 'https://ci.example/hook',
      secret: 'new',
      old_secret: 'secret of ci',
      old_secret_until: expect.any(Number),
    })
    expect(await store.change('setWebhook', { id: 'none', enabled: 0 })).toBe(false)
    expect(await store.change('deleteWebhook', { id: 'id-ci' })).toBe(true)
    expect(await store.change('deleteWebhook', { id: 'id-ci' })).toBe(false)
    expect(await names(undefined)).toEqual(['id-own'])
  })

  test('a push is told once for each tag, and without one by its digest', async () => {
    const store = await open()
    await store.change('createWebhook', webhook('ci'))
    const image = manifest('image', { tags: [tag('v1'), tag('v2')] })
    await store.change('putManifest', image)
    await store.change('putManifest', { ...image, tags: [] })
    const target = { kind: 'manifest', mediaType, digest: image.digest, size: image.bytes.length } as const
    expect(await toldTo(store, 'ci')).toEqual([
      { action: 'push', repository: app, target: { ...target, tag: 'v1' } },
      { action: 'push', repository: app, target: { ...target, tag: 'v2' } },
      { action: 'push', repository: app, target },
    ])
  })

  test('who pushed, and with which request, goes with it', async () => {
    const store = await open()
    await store.change('createWebhook', webhook('ci'))
    const http = { method: 'PUT', origin: 'https://r.example', userAgent: 'docker' }
    const caller = { caller: 'alice', kind: 'user', account: 'a', accessToken: null } as const
    await store.change('putManifest', manifest('image'), {
      ...caller,
      address: '192.0.2.7',
      request: 'r1',
      http,
    })
    const [told] = await store.listDeliveries({ webhook: 'id-ci', state: undefined, after: '', limit: 10 })
    expect(JSON.parse(told?.origin ?? '')).toEqual({
      caller: 'alice',
      kind: 'user',
      address: '192.0.2.7',
      request: 'r1',
      http,
    })
  })

  test('deletions are told: of a tag, of a manifest with its tags, of a repository once', async () => {
    const store = await open()
    const [first, second] = [
      manifest('one', { tags: [tag('a'), tag('b')] }),
      manifest('two', { tags: [tag('c')] }),
    ]
    for (const image of [first, second]) await store.change('putManifest', image)
    await store.change('createWebhook', webhook('ci'))
    await store.change('deleteTag', { ...by, tag: tag('c'), trash: null })
    await store.change('deleteTag', { ...by, tag: tag('none'), trash: null })
    await store.change('deleteManifest', { repository: app, digest: first.digest, ...deletion, trash: 't' })
    await store.change('deleteManifest', { repository: app, digest: first.digest, ...deletion })
    await store.change('putManifest', { ...manifest('three'), repository: app })
    const [, , , , pushed, ...none] = await toldTo(store, 'ci')
    expect(pushed?.action).toBe('push')
    expect(none).toEqual([])
    const slice = { ...by, trash: null, limit: 1 }
    while ((await store.change('deleteRepository', slice)).more);
    const told = await toldTo(store, 'ci')
    expect(told.filter(({ action }) => action === 'delete').map(({ target }) => target)).toEqual([
      { kind: 'tag', tag: 'c' },
      { kind: 'manifest', digest: first.digest },
      { kind: 'tag', tag: 'a' },
      { kind: 'tag', tag: 'b' },
      { kind: 'repository' },
    ])
  })

  test('a tag that is set, restored or retired is told', async () => {
    const store = await open()
    const image = manifest('image', { tags: [tag('old')] })
    await store.change('putManifest', image)
    await store.change('deleteTag', { ...by, tag: tag('old'), trash: 't' })
    await store.change('createWebhook', webhook('ci'))
    await store.change('restoreTrash', { ...by, id: 't', repository: null, tag: null, limit: 10 })
    await store.change('putTag', { ...by, tag: tag('new'), digest: image.digest })
    const tags = await store.listTagAges({ repository: app, limit: 10 })
    const due = tags.map(({ tag, updatedAt }) => ({ tag, updatedAt, trash: null }))
    await store.change('retireTags', { ...by, digest: image.digest, tags: due.slice(0, 1) })
    const target = { kind: 'manifest', mediaType, digest: image.digest, size: image.bytes.length }
    expect((await toldTo(store, 'ci')).map(({ action, target }) => ({ action, target }) as object)).toEqual([
      { action: 'push', target: { ...target, tag: 'old' } },
      { action: 'push', target: { ...target, tag: 'new' } },
      { action: 'delete', target: { kind: 'tag', tag: due[0]?.tag } },
    ])
  })

  test('blobs are told to who asks for them: pushed, mounted and deleted', async () => {
    const store = await open()
    await store.change('createWebhook', webhook('ci'))
    const actions = '["push","mount","delete"]'
    await store.change('createWebhook', webhook('all', { blobs: 1, actions }))
    const { digest } = await storeBlob(store, { size: 7 })
    await store.change('mountBlob', { from: app, repository: other, digest, grace: hour })
    await store.change('unlinkBlob', { repository: other, digest })
    const target = { kind: 'blob', mediaType: 'application/octet-stream', digest, size: 7 } as const
    expect(await toldTo(store, 'all')).toEqual([
      { action: 'push', repository: app, target },
      { action: 'mount', repository: other, target: { ...target, from: app } },
      { action: 'delete', repository: other, target: { kind: 'blob', digest } },
    ])
    expect(await toldTo(store, 'ci')).toEqual([])
  })

  test('each hears of its own place, its repositories and its actions', async () => {
    const store = await open()
    const lone = 'lone' as RepositoryName
    await store.change('createWebhook', webhook('all'))
    await store.change('createWebhook', webhook('team', { place: 'namespace:team' }))
    await store.change('createWebhook', webhook('app', { place: `repository:${app}` }))
    await store.change('createWebhook', webhook('pattern', { repositories: 'team/o*' }))
    await store.change('createWebhook', webhook('deletions', { actions: '["delete"]' }))
    await store.change('createWebhook', webhook('off', { enabled: 0 }))
    for (const repository of [app, other, lone]) {
      await store.change('putManifest', { ...manifest('image'), repository })
    }
    const repositories = async (name: string) => (await toldTo(store, name)).map((one) => one.repository)
    expect(await repositories('all')).toEqual([app, other, lone])
    expect(await repositories('team')).toEqual([app, other])
    expect(await repositories('app')).toEqual([app])
    expect(await repositories('pattern')).toEqual([other])
    expect(await repositories('deletions')).toEqual([])
    expect(await repositories('off')).toEqual([])
  })

  test('what was refused, is no event; nor is what the collector takes', async () => {
    const store = await open()
    await store.change('createWebhook', webhook('ci', { blobs: 1 }))
    const missing = manifest('image', { missing: 'none', references: [refersTo(manifest('x').digest)] })
    expect(await failureOf(store.change('putManifest', missing))).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
    expect(await toldTo(store, 'ci')).toEqual([])
  })

  test('pulls are told to those that want to hear of them, and nobody asks where none does', async () => {
    const store = await open()
    await store.change('createWebhook', webhook('ci'))
    expect(await store.pullsAreWanted()).toBe(false)
    await store.change('createWebhook', webhook('pulls', { actions: '["pull"]', place: 'namespace:team' }))
    expect(await store.pullsAreWanted()).toBe(true)
    const { digest, bytes } = manifest('image')
    const pull = { digest, mediaType, size: bytes.length, by: theServer }
    const lone = 'lone' as RepositoryName
    await store.change('tellPulls', {
      pulls: [
        { ...pull, repository: app, tag: tag('v1') },
        { ...pull, repository: lone, tag: null },
        { ...pull, repository: app, tag: null },
      ],
    })
    const target = { kind: 'manifest', mediaType, digest, size: bytes.length } as const
    expect(await toldTo(store, 'pulls')).toEqual([
      { action: 'pull', repository: app, target: { ...target, tag: 'v1' } },
      { action: 'pull', repository: app, target },
    ])
    expect(await toldTo(store, 'ci')).toEqual([])
    await store.change('setWebhook', { id: 'id-pulls', actions: '["push"]' })
    expect(await store.pullsAreWanted()).toBe(false)
  })

  test('webhooks of a repository go with the last of it, and stay while it can be taken back', async () => {
    const store = await open()
    const own = webhook('own', { place: `repository:${app}` })
    await store.change('createWebhook', own)
    await store.change('putManifest', manifest('image'))
    const found = () => store.findWebhook({ place: own.place, name: 'own' })
    await store.change('deleteRepository', { ...by, trash: 't', limit: 10 })
    expect(await found()).toBeDefined()
    while (await store.change('emptyTrash', { id: 't', limit: 10 }));
    expect(await found()).toBeUndefined()
  })

  test('webhooks of a namespace go with it, so that who takes its name next does not tell them', async () => {
    const store = await open()
    await store.change('createUser', user('alice'))
    const own = webhook('own', { place: 'namespace:alice' })
    await store.change('createWebhook', own)
    await store.change('deleteUser', { id: 'id-alice' })
    expect(await store.findWebhook({ place: 'namespace:alice', name: 'own' })).toBeUndefined()
  })
}
