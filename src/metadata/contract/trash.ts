import { expect, test } from 'bun:test'
import type { Digest } from '../../oci/digest.ts'
import type { ManifestPut } from '../changes/manifests.ts'
import type { Restoration } from '../changes/restore.ts'
import type { MetadataStore } from '../metadata-store.ts'
import {
  app,
  deletion,
  digestFor,
  failureOf,
  hour,
  manifest,
  type OpenStore,
  other,
  refersTo,
  storeBlob,
  tag,
} from './fixtures.ts'

const by = { caller: 'tester', immutable: [] }
/** Nothing is too young to be collected. */
const noGrace = { grace: 0, untagged: null }

function restore(store: MetadataStore, changed: Partial<Restoration> = {}) {
  return store.change('restoreTrash', {
    id: 't',
    repository: null,
    tag: null,
    grace: hour,
    limit: 100,
    ...by,
    ...changed,
  })
}

async function tagged(store: MetadataStore, name: string, repository = app): Promise<Digest | undefined> {
  return (await store.findTagged({ repository, tag: tag(name) }))?.digest
}

/** Everything that is due now, as a run of the collector does it. */
async function collect(store: MetadataStore): Promise<void> {
  for (const due of await store.listDue({ limit: 1000 }))
    await store.change('collect', { ...due, ...noGrace })
}

async function emptied(store: MetadataStore, id = 't'): Promise<void> {
  while (await store.change('emptyTrash', { id, limit: 1 }));
}

/** An image with a blob of its own. */
async function pushImage(store: MetadataStore, content: string, changed: Partial<ManifestPut> = {}) {
  const { digest: layer } = await storeBlob(store, {
    content: `layer of ${content}`,
    ...(changed.repository ? { repository: changed.repository } : {}),
  })
  const image = manifest(content, { references: [refersTo(layer)], ...changed })
  await store.change('putManifest', image)
  return { digest: image.digest, layer }
}

export function trashContract(open: OpenStore): void {
  test('a deleted tag comes back', async () => {
    const store = await open()
    const { digest } = await pushImage(store, 'image', { tags: [tag('a'), tag('b')] })
    await store.change('deleteTag', { repository: app, tag: tag('a'), ...by, trash: 't' })
    expect(await store.listTrash({ limit: 10 })).toMatchObject([
      {
        id: 't',
        repository: app,
        kind: 'tag',
        name: 'a',
        digest,
        caller: 'tester',
        manifests: 0,
        tagCount: 1,
      },
    ])
    expect(await restore(store)).toMatchObject({
      repository: app,
      manifests: 0,
      tags: [tag('a')],
      more: false,
    })
    expect(await tagged(store, 'a')).toBe(digest)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
    expect(await failureOf(restore(store))).toMatchObject({ code: 'TRASH_UNKNOWN' })
  })

  test('a deleted manifest comes back with all its tags, and pulls as before', async () => {
    const store = await open()
    const { digest, layer } = await pushImage(store, 'image', { tags: [tag('a'), tag('b')] })
    const before = await store.findManifest({ repository: app, digest })
    await store.change('deleteManifest', { repository: app, digest, ...by, trash: 't' })
    expect(await tagged(store, 'a')).toBeUndefined()
    await restore(store)
    expect(await tagged(store, 'a')).toBe(digest)
    expect(await tagged(store, 'b')).toBe(digest)
    const after = await store.findManifest({ repository: app, digest })
    expect(after).toEqual({ ...before, confirmedAt: after?.confirmedAt } as never)
    expect(await failureOf(store.change('unlinkBlob', { repository: app, digest: layer }))).toMatchObject({
      code: 'BLOB_IN_USE',
    })
  })

  test('what was unlinked meanwhile is linked again', async () => {
    const store = await open()
    const { digest, layer } = await pushImage(store, 'image')
    await store.change('deleteManifest', { repository: app, digest, ...by, trash: 't' })
    expect(await store.change('unlinkBlob', { repository: app, digest: layer })).toBe(true)
    expect(await store.findBlob({ repository: app, digest: layer })).toBeUndefined()
    await restore(store)
    expect(await store.findBlob({ repository: app, digest: layer })).toMatchObject({ size: 100 })
  })

  test('a manifest that named a blob of another repository does not get it by coming back', async () => {
    const store = await open()
    const { digest: secret } = await storeBlob(store, { repository: other, content: 'secret' })
    const references = [{ digest: secret, role: 'layer' as const, foreign: true }]
    const thief = manifest('thief', { references, tags: [tag('a')] })
    await store.change('putManifest', thief)
    await store.change('deleteManifest', { repository: app, digest: thief.digest, ...by, trash: 't' })
    await restore(store)
    expect(await tagged(store, 'a')).toBe(thief.digest)
    expect(await store.findBlob({ repository: app, digest: secret })).toBeUndefined()
  })

  test('an index comes back with its children, live or deleted after it', async () => {
    const store = await open()
    const [live, deleted] = [await pushImage(store, 'live'), await pushImage(store, 'deleted')]
    const references = [live, deleted].map(({ digest }) => refersTo(digest, 'child'))
    const index = manifest('index', { kind: 'index', references, tags: [tag('multi')] })
    await store.change('putManifest', index)
    await store.change('deleteManifest', { repository: app, digest: index.digest, ...by, trash: 't' })
    await store.change('deleteManifest', { repository: app, digest: deleted.digest, ...by, trash: 'child' })
    expect(await restore(store)).toMatchObject({ tags: [tag('multi')], missing: [] })
    for (const { digest } of [live, deleted]) {
      expect(await store.findManifest({ repository: app, digest })).toBeDefined()
      expect(
        await failureOf(store.change('deleteManifest', { repository: app, digest, ...deletion })),
      ).toMatchObject({ code: 'MANIFEST_IN_USE' })
    }
  })

  test('says which children of an index are gone for good', async () => {
    const store = await open()
    const child = await pushImage(store, 'child')
    const index = manifest('index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
    await store.change('putManifest', index)
    await store.change('deleteManifest', { repository: app, digest: index.digest, ...by, trash: 't' })
    await store.change('deleteManifest', { repository: app, digest: child.digest, ...deletion })
    expect(await restore(store)).toMatchObject({ manifests: 1, missing: [child.digest] })
  })

  test('referrers of a deleted image are listed again when it comes back, and stay until then', async () => {
    const store = await open()
    const { digest: subject } = await pushImage(store, 'image', { tags: [tag('a')] })
    const { digest } = await pushImage(store, 'signature', { subject })
    await store.change('deleteManifest', { repository: app, digest: subject, ...by, trash: 't' })
    await collect(store)
    await restore(store)
    expect(await tagged(store, 'a')).toBe(subject)
    expect(
      (await store.listReferrers({ repository: app, subject, limit: 10 })).map((one) => one.digest),
    ).toEqual([digest])
  })

  test('a tag that was set again since asks for another name', async () => {
    const store = await open()
    const { digest } = await pushImage(store, 'old', { tags: [tag('latest')] })
    await store.change('deleteManifest', { repository: app, digest, ...by, trash: 't' })
    const newer = await pushImage(store, 'new', { tags: [tag('latest')] })
    expect(await failureOf(restore(store))).toMatchObject({
      code: 'TAG_TAKEN',
      detail: { tag: 'latest', digest: newer.digest },
    })
    expect(await store.findManifest({ repository: app, digest })).toBeUndefined()
    expect(await failureOf(restore(store, { tag: tag('latest') }))).toMatchObject({ code: 'TAG_TAKEN' })
    expect(await restore(store, { tag: tag('old') })).toMatchObject({ tags: [tag('old')] })
    expect(await tagged(store, 'old')).toBe(digest)
    expect(await tagged(store, 'latest')).toBe(newer.digest)
  })

  test('a manifest comes back into another repository with its blobs and children', async () => {
    const store = await open()
    const child = await pushImage(store, 'child')
    const references = [refersTo(child.digest, 'child')]
    const index = manifest('index', { kind: 'index', references, tags: [tag('multi')] })
    await store.change('putManifest', index)
    await store.change('deleteManifest', { repository: app, digest: index.digest, ...by, trash: 't' })
    expect(await restore(store, { repository: other })).toMatchObject({ repository: other, missing: [] })
    expect(await tagged(store, 'multi', other)).toBe(index.digest)
    expect(await store.findManifest({ repository: other, digest: child.digest })).toBeDefined()
    expect(await store.findBlob({ repository: other, digest: child.layer })).toBeDefined()
    expect(await tagged(store, 'multi')).toBeUndefined()
  })

  test('a tag comes back though its manifest was deleted after it, and into another repository', async () => {
    const store = await open()
    const { digest, layer } = await pushImage(store, 'image', { tags: [tag('a'), tag('b')] })
    await store.change('deleteTag', { repository: app, tag: tag('a'), ...by, trash: 't' })
    await store.change('deleteTag', { repository: app, tag: tag('b'), ...by, trash: 'b' })
    await store.change('deleteManifest', { repository: app, digest, ...by, trash: 'm' })
    await restore(store)
    expect(await tagged(store, 'a')).toBe(digest)
    await restore(store, { id: 'b', repository: other })
    expect(await tagged(store, 'b', other)).toBe(digest)
    expect(await store.findBlob({ repository: other, digest: layer })).toBeDefined()
  })

  test('a tag whose manifest is gone for good does not come back', async () => {
    const store = await open()
    const { digest } = await pushImage(store, 'image', { tags: [tag('a')] })
    await store.change('deleteTag', { repository: app, tag: tag('a'), ...by, trash: 't' })
    await store.change('deleteManifest', { repository: app, digest, ...deletion })
    expect(await failureOf(restore(store))).toMatchObject({ code: 'MANIFEST_UNKNOWN' })
    expect(await store.listTrash({ limit: 10 })).toHaveLength(1)
  })

  test('trash is a root of the collector until it is emptied', async () => {
    const store = await open()
    const { digest, layer } = await pushImage(store, 'image', { tags: [tag('a')] })
    await store.change('deleteManifest', { repository: app, digest, ...by, trash: 't' })
    await collect(store)
    expect(await store.findBlob({ repository: app, digest: layer })).toBeDefined()
    await emptied(store)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
    await collect(store)
    expect(await store.findBlob({ repository: app, digest: layer })).toBeUndefined()
    expect(await failureOf(restore(store))).toMatchObject({ code: 'TRASH_UNKNOWN' })
  })

  test('children and referrers follow what was deleted once the trash forgets it', async () => {
    const store = await open()
    const child = await pushImage(store, 'child')
    const index = manifest('index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
    await store.change('putManifest', index)
    const signature = await pushImage(store, 'signature', { subject: index.digest })
    await store.change('deleteManifest', { repository: app, digest: index.digest, ...by, trash: 't' })
    await collect(store)
    expect(await store.findManifest({ repository: app, digest: child.digest })).toBeDefined()
    expect(await store.findManifest({ repository: app, digest: signature.digest })).toBeDefined()
    await emptied(store)
    await collect(store)
    expect(await store.findManifest({ repository: app, digest: child.digest })).toBeUndefined()
    expect(await store.findManifest({ repository: app, digest: signature.digest })).toBeUndefined()
  })

  test('what was pushed after the deletion does not follow it when the trash forgets it', async () => {
    const store = await open()
    const child = await pushImage(store, 'child')
    const index = manifest('index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
    await store.change('putManifest', index)
    const old = await pushImage(store, 'old signature', { subject: index.digest })
    await store.change('deleteManifest', { repository: app, digest: index.digest, ...by, trash: 't' })
    await pushImage(store, 'child')
    const late = await pushImage(store, 'late signature', { subject: index.digest })
    await emptied(store)
    await collect(store)
    expect(await store.findManifest({ repository: app, digest: child.digest })).toBeDefined()
    expect(await store.findManifest({ repository: app, digest: late.digest })).toBeDefined()
    expect(await store.findManifest({ repository: app, digest: old.digest })).toBeUndefined()
  })

  test('a deletion that is half emptied is not taken back, and is found again to be finished', async () => {
    const store = await open()
    const { digest } = await pushImage(store, 'image', { tags: [tag('a')] })
    await store.change('deleteManifest', { repository: app, digest, ...by, trash: 't' })
    expect(await store.listExpiredTrash({ age: hour, limit: 10 })).toEqual([])
    expect(await store.listExpiredTrash({ age: 0, limit: 10 })).toEqual(['t'])
    expect(await store.change('emptyTrash', { id: 't', limit: 1 })).toBe(true)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
    expect(await store.findTrash('t')).toBeUndefined()
    expect(await failureOf(restore(store))).toMatchObject({ code: 'TRASH_UNKNOWN' })
    const put = { repository: app, tag: tag('a'), digest, ...by, grace: hour }
    expect(await store.change('putTag', put)).toBe(false)
    expect(await store.listExpiredTrash({ age: hour, limit: 10 })).toEqual(['t'])
  })

  test('lists the trash of one repository, page by page', async () => {
    const store = await open()
    for (const [id, repository] of [
      ['1', app],
      ['2', other],
      ['3', app],
    ] as const) {
      const { digest } = await pushImage(store, `image ${id}`, { repository })
      await store.change('deleteManifest', { repository, digest, ...by, trash: id })
    }
    const ids = async (page: Parameters<MetadataStore['listTrash']>[0]) =>
      (await store.listTrash(page)).map(({ id }) => id)
    expect(await ids({ limit: 10 })).toEqual(['1', '2', '3'])
    expect(await ids({ limit: 1, after: '1' })).toEqual(['2'])
    expect(await ids({ repository: app, limit: 10 })).toEqual(['1', '3'])
    expect(await ids({ repository: app, limit: 10, after: '1' })).toEqual(['3'])
    expect((await store.findTrash('2'))?.repository).toBe(other)
    expect(await store.findTrashWith({ repository: app, digest: digestFor('image 3') })).toBe('3')
    expect(await store.findTrashWith({ repository: other, digest: digestFor('image 3') })).toBeUndefined()
  })
}
