import { describe, expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { MetadataStore } from '../metadata-store.ts'
import {
  app,
  deletion,
  digestFor,
  failureOf,
  hour,
  manifest,
  newId,
  type OpenStore,
  other,
  refersTo,
  storeBlob,
  tag,
  upload,
} from './fixtures.ts'

import { foreign, plain, push, usage } from './usage-fixtures.ts'

/** Opens an upload that announces so many bytes. */
async function announce(store: MetadataStore, bytes: number, what = newId()): Promise<string> {
  const id = newId()
  await store.change('openUpload', upload(id))
  const reserve = { bytes, digest: digestFor(what) }
  await store.change('leaseUpload', { id, repository: app, writer: 'w', target: null, reserve })
  return id
}

export function quotasContract(open: OpenStore): void {
  describe('a quota of bytes', () => {
    test('takes what fits to the last byte, and no byte more', async () => {
      const store = await open()
      await store.change('setQuota', { namespace: 'team', bytes: 200 })
      await storeBlob(store, { content: 'one' })
      await storeBlob(store, { content: 'two', repository: other })
      expect(await failureOf(storeBlob(store, { content: 'three', size: 1 }))).toMatchObject({
        code: 'QUOTA_EXCEEDED',
        detail: { namespace: 'team', used: 200, needed: 1, limit: 200, trash: 0 },
      })
      await storeBlob(store, { content: 'three', repository: foreign })
      // What it holds already costs nothing.
      await storeBlob(store, { content: 'one', repository: other })
      expect(await usage(store)).toMatchObject({ bytes: 200, reserved: 0 })
    })

    test('refuses a manifest, a mount, and a layer that counts again', async () => {
      const store = await open()
      const { digest, layer } = await push(store, 'image')
      await storeBlob(store, { content: 'foreign', repository: foreign })
      await store.change('deleteManifest', { ...deletion, repository: app, digest })
      await store.change('setQuota', { namespace: 'team', bytes: 99 })
      const exceeded = { code: 'QUOTA_EXCEEDED' }
      const mount = { repository: app, from: foreign, digest: digestFor('foreign'), grace: hour }
      expect(await failureOf(store.change('mountBlob', mount))).toMatchObject(exceeded)
      const again = manifest('again', { references: [refersTo(layer)] })
      expect(await failureOf(store.change('putManifest', again))).toMatchObject(exceeded)
      const large = manifest('x'.repeat(100))
      expect(await failureOf(store.change('putManifest', large))).toMatchObject(exceeded)
      expect(await usage(store)).toEqual({ bytes: 0, reserved: 0, repositories: 0, trash: 0 })
    })

    test('below what is used takes nothing new, and lets what is there be deleted and tagged', async () => {
      const store = await open()
      const { digest, size } = await push(store, 'image')
      await store.change('setQuota', { namespace: 'team', bytes: 0 })
      const tagged = { repository: app, digest, tag: tag('again'), caller: 'tester', immutable: [] }
      await store.change('putTag', { ...tagged, grace: hour })
      await store.change('deleteManifest', { ...deletion, repository: app, digest, trash: 'bin' })
      const refused = await failureOf(storeBlob(store, { content: 'new' }))
      expect(refused).toMatchObject({ code: 'QUOTA_EXCEEDED', detail: { used: size, trash: size } })
      expect((refused as Error).message).toContain('berth trash empty')
      await store.change('setQuota', { namespace: 'team', bytes: -1 })
      await storeBlob(store, { content: 'new' })
    })

    test('holds for all namespaces by the settings, unless one was set', async () => {
      const store = await open()
      const quota = { bytes: 50, repositories: null }
      const image = manifest('x'.repeat(51), { quota })
      expect(await failureOf(store.change('putManifest', image))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
      await store.change('setQuota', { namespace: 'team', bytes: -1 })
      await store.change('putManifest', image)
      await store.change('setQuota', { namespace: 'team', bytes: null })
      const opened = {
        ...upload(newId(), { writer: 'w' }),
        reserve: { bytes: 51, digest: digestFor('y') },
        quota,
      }
      expect(await failureOf(store.change('openUpload', opened))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
      const next = manifest('y', { quota })
      expect(await failureOf(store.change('putManifest', next))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
    })
  })

  describe('an upload', () => {
    test('that was let in is refused in the end where the limit was lowered meanwhile', async () => {
      const store = await open()
      await store.change('setQuota', { namespace: 'team', bytes: 100 })
      const id = await announce(store, 100, 'layer')
      await store.change('setQuota', { namespace: 'team', bytes: 50 })
      const blob = { repository: app, digest: digestFor('layer'), objectKey: `blobs/${id}`, size: 100 }
      expect(
        await failureOf(store.change('commitUpload', { id, writer: 'w', ...blob, grace: hour })),
      ).toMatchObject({ code: 'QUOTA_EXCEEDED' })
    })

    test('reserves what it announces, gives back what does not come, and all that is left at its end', async () => {
      const store = await open()
      await store.change('setQuota', { namespace: 'team', bytes: 100 })
      const id = await announce(store, 80)
      expect(await usage(store)).toMatchObject({ bytes: 0, reserved: 80 })
      const progress = { id, writer: 'w', from: 0, to: 30, digestSoFar: null }
      await store.change('appendUpload', progress)
      expect(await usage(store)).toMatchObject({ reserved: 30 })
      await store.change('cancelUpload', { id, repository: app })
      expect(await usage(store)).toMatchObject({ reserved: 0 })
      await announce(store, 100)
      await store.change('expireUploads', { age: -1, limit: 10 })
      expect(await store.listMiscounted()).toEqual([])
    })

    test('is refused where what is held leaves no room, and told to wait where others have reserved it', async () => {
      const store = await open()
      await store.change('setQuota', { namespace: 'team', bytes: 150 })
      await storeBlob(store, { content: 'held' })
      const first = await announce(store, 40)
      expect(await failureOf(announce(store, 20))).toMatchObject({ code: 'QUOTA_BUSY' })
      expect(await failureOf(announce(store, 51))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
      await store.change('cancelUpload', { id: first, repository: app })
      await announce(store, 50)
      expect(await usage(store)).toMatchObject({ bytes: 100, reserved: 50 })
    })

    test('of a digest that the namespace holds reserves nothing', async () => {
      const store = await open()
      await store.change('setQuota', { namespace: 'team', bytes: 100 })
      const { digest } = await storeBlob(store)
      const id = newId()
      const opened = { ...upload(id, { writer: 'w' }), reserve: { bytes: 100, digest } }
      await store.change('openUpload', opened)
      const commit = { id, writer: 'w', repository: app, digest, objectKey: `blobs/${id}`, size: 100 }
      await store.change('commitUpload', { ...commit, grace: hour })
      expect(await usage(store)).toEqual({ bytes: 100, reserved: 0, repositories: 0, trash: 0 })
    })

    test('that streams reserves ahead as far as there is room, and leaves some', async () => {
      const store = await open()
      await store.change('setQuota', { namespace: 'team', bytes: 64_000 })
      const id = newId()
      await store.change('openUpload', upload(id, { writer: 'w' }))
      const more = { id, writer: 'w', repository: app, digest: digestFor('streamed'), ahead: 500 }
      expect(await store.change('reserveUpload', { ...more, bytes: 1000 })).toBe(1500)
      expect(await store.change('reserveUpload', { ...more, bytes: 1200 })).toBe(1500)
      expect(await store.change('reserveUpload', { ...more, bytes: 63_999 })).toBe(63_999)
      expect(await failureOf(store.change('reserveUpload', { ...more, bytes: 64_001 }))).toMatchObject({
        code: 'QUOTA_EXCEEDED',
      })
      expect(await usage(store)).toMatchObject({ reserved: 63_999 })
      expect(await store.change('reserveUpload', { ...more, writer: 'other', bytes: 64_000 })).toBeUndefined()
    })
  })

  test('an upload that may be of something held already finds a way into a full namespace, and no more', async () => {
    const store = await open()
    await store.change('setQuota', { namespace: 'team', bytes: 100 })
    await storeBlob(store)
    const commit = async (content: string) => {
      const id = newId()
      const reserve = { bytes: 100, digest: null }
      await store.change('openUpload', { ...upload(id, { repository: other, writer: 'w' }), reserve })
      const digest = digestFor(content)
      const blob = { repository: other, digest, objectKey: `blobs/${id}`, size: 100, grace: hour }
      await store.change('commitUpload', { id, writer: 'w', ...blob })
    }
    await commit('layer')
    expect(await failureOf(commit('another'))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
    expect(await usage(store)).toMatchObject({ bytes: 100, reserved: 100 })
    const large = { ...upload(newId(), { writer: 'w' }), reserve: { bytes: 5_000_000, digest: null } }
    expect(await failureOf(store.change('openUpload', large))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })

  test('a quota of repositories counts those that hold a manifest', async () => {
    const store = await open()
    await store.change('setQuota', { namespace: 'team', repositories: 1 })
    const { digest } = await push(store, 'image')
    await push(store, 'second')
    expect(await failureOf(push(store, 'image', other))).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      detail: { namespace: 'team', repositories: { used: 1, limit: 1 } },
    })
    await store.change('deleteManifest', { ...deletion, repository: app, digest })
    expect(await failureOf(push(store, 'image', other))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
    await store.change('deleteManifest', {
      ...deletion,
      repository: app,
      digest: manifest('second').digest,
    })
    await push(store, 'image', other)
    expect(await usage(store)).toMatchObject({ repositories: 1 })
  })

  test('of many that push at once as many are taken as fit, and the count is that of what is there', async () => {
    const store = await open()
    await store.change('setQuota', { namespace: 'team', bytes: 1050, repositories: 3 })
    const pushes = Array.from({ length: 40 }, (_, index) =>
      storeBlob(store, { content: `blob ${index}`, repository: index % 2 ? app : other }),
    )
    const outcomes = await Promise.allSettled(pushes)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    const images = Array.from({ length: 9 }, (_, index) =>
      store.change('putManifest', manifest('image', { repository: `team/r${index}` as RepositoryName })),
    )
    const made = (await Promise.allSettled(images)).filter(({ status }) => status === 'fulfilled')
    expect(made).toHaveLength(3)
    expect(await usage(store)).toMatchObject({ bytes: 1000 + 'image'.length, repositories: 3 })
    expect(await store.listMiscounted()).toEqual([])
  })

  test('namespaces near a limit are counted, and listed with what was set for them', async () => {
    const store = await open()
    await store.change('setQuota', { namespace: 'team', bytes: 111 })
    await store.change('setQuota', { namespace: 'others', bytes: -1, repositories: 5 })
    await storeBlob(store)
    await storeBlob(store, { repository: plain })
    const limits = (bytes: number | null) => store.countNearLimits({ bytes, repositories: null })
    expect(await limits(null)).toEqual({ near: 1, full: 0 })
    expect(await limits(100)).toEqual({ near: 2, full: 1 })
    const listed = await store.listUsage({ limit: 10 })
    expect(listed.map(({ namespace, set }) => [namespace, set])).toEqual([
      ['library', { bytes: undefined, repositories: undefined }],
      ['others', { bytes: null, repositories: 5 }],
      ['team', { bytes: 111, repositories: undefined }],
    ])
    expect(await store.listUsage({ after: 'library', limit: 1 })).toMatchObject([{ namespace: 'others' }])
  })

  test('counted anew, all is as it was', async () => {
    const store = await open()
    await push(store, 'image')
    await store.change('setQuota', { namespace: 'team', bytes: 1000 })
    const before = await store.findUsage({ namespace: 'team' })
    await store.change('recount', {})
    expect(await store.findUsage({ namespace: 'team' })).toEqual(before)
    expect(await store.listMiscounted()).toEqual([])
  })
}
