import { expect, test } from 'bun:test'
import type { Digest } from '../../oci/digest.ts'
import type { ManifestPut } from '../changes/manifests.ts'
import type { MetadataStore } from '../metadata-store.ts'
import {
  app,
  deletion,
  digestFor,
  doomedKeys,
  failureOf,
  hour,
  manifest,
  newId,
  type OpenStore,
  other,
  refersTo,
  storeBlob,
  tag,
} from './fixtures.ts'

/** Everything is old enough at once. */
const atOnce = { grace: 0, untagged: null }

function collect(store: MetadataStore, digest: Digest, rules = {}, repository = app) {
  return store.change('collect', { repository, digest, ...atOnce, ...rules })
}

async function put(store: MetadataStore, content: string, changed: Partial<ManifestPut> = {}) {
  const image = manifest(content, changed)
  await store.change('putManifest', image)
  return image.digest
}

const known = async (store: MetadataStore, digest: Digest, repository = app) =>
  (await store.findBlob({ repository, digest })) !== undefined

const stored = async (store: MetadataStore, digest: Digest) =>
  (await store.findManifest({ repository: app, digest })) !== undefined

export function collectionContract(open: OpenStore): void {
  test('a blob that nothing uses is unknown, and its object doomed, in one change', async () => {
    const store = await open()
    const { digest, objectKey } = await storeBlob(store, { size: 70 })
    expect(await collect(store, digest)).toEqual({ links: 1, manifests: 0, bytes: 70 })
    expect(await known(store, digest)).toBe(false)
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([objectKey])
    expect(await collect(store, digest)).toEqual({ links: 0, manifests: 0, bytes: 0 })
  })

  test('a blob stays for the grace, and is looked at again when that is over', async () => {
    const store = await open()
    const { digest } = await storeBlob(store, { grace: 0 })
    expect(await store.listDue({ limit: 10 })).toEqual([{ repository: app, digest }])
    expect(await collect(store, digest, { grace: 2000 })).toEqual({ links: 0, manifests: 0, bytes: 0 })
    expect(await known(store, digest)).toBe(true)
    expect(await store.listDue({ limit: 10 })).toEqual([])
    await Bun.sleep(2050)
    expect(await store.listDue({ limit: 10 })).toEqual([{ repository: app, digest }])
    expect(await collect(store, digest, { grace: 2000 })).toMatchObject({ links: 1 })
  })

  test('confirming a blob starts its grace anew; of one that is gone, confirming says so', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    const grace = 2000
    await Bun.sleep(grace + 100)
    expect(await store.change('confirmBlob', { repository: app, digest, grace })).toBe(true)
    expect(await collect(store, digest, { grace })).toMatchObject({ links: 0 })
    await collect(store, digest)
    expect(await store.change('confirmBlob', { repository: app, digest, grace })).toBe(false)
  })

  test('config, layers and the blobs of an index stay as long as their manifest', async () => {
    const store = await open()
    const roles = ['config', 'layer', 'blob-child'] as const
    const blobs = []
    for (const role of roles) blobs.push({ role, ...(await storeBlob(store, { content: role })) })
    const references = blobs.map(({ digest, role }) => refersTo(digest, role))
    const image = await put(store, 'image', { references, tags: [tag('latest')] })
    for (const { digest } of blobs) expect(await collect(store, digest)).toMatchObject({ links: 0 })
    await store.change('deleteManifest', { repository: app, digest: image, ...deletion })
    const due = (await store.listDue({ limit: 10 })).map(({ digest }) => digest)
    for (const { digest } of blobs) {
      expect(due).toContain(digest)
      expect(await collect(store, digest)).toMatchObject({ links: 1, bytes: 100 })
    }
  })

  test('a subject keeps no blob of the same digest', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    await put(store, 'referrer', { subject: digest, references: [refersTo(digest, 'subject')] })
    expect(await collect(store, digest)).toMatchObject({ links: 1 })
  })

  test('a blob that two repositories hold goes with the last of them', async () => {
    const store = await open()
    const { digest } = await storeBlob(store, { size: 9 })
    await store.change('mountBlob', { repository: other, digest, from: app, grace: hour })
    expect(await collect(store, digest)).toEqual({ links: 1, manifests: 0, bytes: 0 })
    expect(await known(store, digest)).toBe(false)
    expect(await known(store, digest, other)).toBe(true)
    expect(await collect(store, digest, {}, other)).toEqual({ links: 1, manifests: 0, bytes: 9 })
  })

  test('a manifest can’t be pushed that relies on a blob that was collected', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    await collect(store, digest)
    const image = manifest('image', { references: [refersTo(digest)] })
    expect(await failureOf(store.change('putManifest', image))).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
      detail: { digest },
    })
    expect(await store.change('mountBlob', { repository: other, digest, from: app, grace: hour })).toBe(false)
  })

  test('what is uploaded again after it was collected gets an object of its own', async () => {
    const store = await open()
    const first = await storeBlob(store)
    await collect(store, first.digest)
    const second = await storeBlob(store)
    expect(second.objectKey).not.toBe(first.objectKey)
    expect((await store.findBlob({ repository: app, digest: first.digest }))?.objectKey).toBe(
      second.objectKey,
    )
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([first.objectKey])
  })

  test('manifests without tags stay, unless a setting gives them an age', async () => {
    const store = await open()
    const digest = await put(store, 'untagged')
    expect(await collect(store, digest)).toMatchObject({ manifests: 0 })
    expect(await collect(store, digest, { untagged: hour })).toMatchObject({ manifests: 0 })
    expect(await collect(store, digest, { untagged: 0, grace: hour })).toMatchObject({ manifests: 0 })
    expect(await stored(store, digest)).toBe(true)
    expect(await collect(store, digest, { untagged: 0 })).toMatchObject({ manifests: 1 })
    expect(await stored(store, digest)).toBe(false)
  })

  test('tagged manifests, children of an index and referrers of a live subject stay at any age', async () => {
    const store = await open()
    const child = await put(store, 'child')
    const references = [refersTo(child, 'child')]
    const index = await put(store, 'index', { kind: 'index', references, tags: [tag('latest')] })
    const signature = await put(store, 'signature', { subject: index })
    for (const digest of [child, index, signature])
      expect(await collect(store, digest, { untagged: 0 })).toMatchObject({ manifests: 0 })
  })

  test('a manifest that was pulled is as old as its last pull', async () => {
    const store = await open()
    const digest = await put(store, 'untagged')
    await store.change('recordPulls', { pulls: [{ repository: app, digest }] })
    expect(await collect(store, digest, { untagged: 0 })).toMatchObject({ manifests: 0 })
  })

  test('children and referrers follow the index and the subject that were deleted for good', async () => {
    const store = await open()
    const child = await put(store, 'child')
    const references = [refersTo(child, 'child')]
    const index = await put(store, 'index', { kind: 'index', references, tags: [tag('latest')] })
    const signature = await put(store, 'signature', { subject: index })
    await store.change('deleteManifest', { repository: app, digest: index, ...deletion })
    for (const digest of [child, signature]) {
      expect(await collect(store, digest, { grace: hour })).toMatchObject({ manifests: 0 })
      expect(await collect(store, digest)).toMatchObject({ manifests: 1 })
    }
  })

  test('a child that a second index lists, that has a tag or was pulled since follows no index', async () => {
    const store = await open()
    const [held, tagged, pulled] = [
      await put(store, 'held'),
      await put(store, 'tagged', { tags: [tag('own')] }),
      await put(store, 'pulled'),
    ]
    const references = [held, tagged, pulled].map((digest) => refersTo(digest, 'child'))
    const index = await put(store, 'index', { kind: 'index', references })
    await put(store, 'second index', { kind: 'index', references: [refersTo(held, 'child')] })
    await store.change('deleteManifest', { repository: app, digest: index, ...deletion })
    await store.change('recordPulls', { pulls: [{ repository: app, digest: pulled }] })
    for (const digest of [held, tagged, pulled])
      expect(await collect(store, digest)).toMatchObject({ manifests: 0 })
    // Its own tag made it a manifest like any other.
    await store.change('deleteTag', { repository: app, tag: tag('own'), ...deletion })
    expect(await collect(store, tagged)).toMatchObject({ manifests: 0 })
  })

  test('a child that is pushed again after its index was deleted is nobody’s child any more', async () => {
    const store = await open()
    const child = manifest('child')
    await store.change('putManifest', child)
    const index = await put(store, 'index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
    await store.change('deleteManifest', { repository: app, digest: index, ...deletion })
    await store.change('putManifest', child)
    expect(await collect(store, child.digest)).toMatchObject({ manifests: 0 })
  })

  test('what the trash holds stays until the trash is emptied', async () => {
    const store = await open()
    const { digest: layer } = await storeBlob(store)
    const child = await put(store, 'child', { references: [refersTo(layer)] })
    const index = await put(store, 'index', { kind: 'index', references: [refersTo(child, 'child')] })
    const trash = newId()
    await store.change('deleteManifest', { repository: app, digest: index, ...deletion, trash })
    const second = newId()
    await store.change('deleteManifest', { repository: app, digest: child, ...deletion, trash: second })
    for (const digest of [child, layer]) {
      expect(await collect(store, digest, { untagged: 0 })).toMatchObject({ manifests: 0, links: 0 })
    }
    for (const id of [trash, second]) while (await store.change('emptyTrash', { id, limit: 1 }));
    expect(await collect(store, layer)).toMatchObject({ links: 1 })
  })

  test('a run takes due reviews in slices, each address once', async () => {
    const store = await open()
    const digests = Array.from({ length: 5 }, (_, index) => digestFor(`blob ${index}`))
    for (const [index] of digests.entries()) await storeBlob(store, { content: `blob ${index}` })
    for (const digest of digests) {
      await store.change('confirmBlob', { repository: app, digest, grace: 0 })
      await store.change('confirmBlob', { repository: app, digest, grace: 0 })
    }
    const due = await store.listDue({ limit: 100 })
    expect(due.map(({ digest }) => digest).sort()).toEqual(digests.toSorted())
    expect((await store.listDue({ limit: 2 })).length).toBeLessThanOrEqual(2)
    for (const { digest } of due) await collect(store, digest, { grace: hour })
    expect(await store.countDue()).toBe(0)
  })

  test('while objects are held, none that a reader could have seen is due for removal', async () => {
    const store = await open()
    const { digest, objectKey } = await storeBlob(store)
    await collect(store, digest)
    await store.change('holdObjects', { id: 'backup', duration: hour })
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([])
    expect(await store.sumDoomed({ age: 0 })).toEqual({ count: 1, bytes: 100 })
    await store.change('releaseObjects', { id: 'backup' })
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([objectKey])
    await store.change('forgetDoomed', { objectKeys: [objectKey] })
    expect(await store.sumDoomed({ age: 0 })).toEqual({ count: 0, bytes: 0 })
  })

  test('the last runs are remembered, the latest first', async () => {
    const store = await open()
    const run = { runner: 'server', links: 1, manifests: 2, objects: 3, bytes: 4 }
    await store.change('recordRun', { ...run, id: 'first', duration: 100 })
    await Bun.sleep(2)
    await store.change('recordRun', { ...run, id: 'second', duration: 0 })
    const runs = await store.listRuns({ limit: 10 })
    expect(runs.map(({ id }) => id)).toEqual(['second', 'first'])
    expect(runs[1]).toMatchObject(run)
    expect((runs[1]?.finished_at ?? 0) - (runs[1]?.started_at ?? 0)).toBe(100)
  })
}
