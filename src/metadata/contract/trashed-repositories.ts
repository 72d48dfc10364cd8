import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { RestoredSlice } from '../changes/restore.ts'
import type { MetadataStore } from '../metadata-store.ts'
import {
  app,
  failureOf,
  hour,
  manifest,
  type OpenStore,
  other,
  refersTo,
  storeBlob,
  tag,
} from './fixtures.ts'

const by = { caller: 'tester', immutable: [] as string[] }

async function pushImages(store: MetadataStore, count: number, repository = app) {
  const images = []
  for (let index = 0; index < count; index += 1) {
    const { digest: layer } = await storeBlob(store, { repository, content: `layer ${index}` })
    const tags = [tag(`v${index}`), tag(`also-v${index}`)]
    const image = manifest(`image ${index}`, { repository, references: [refersTo(layer)], tags })
    await store.change('putManifest', image)
    images.push(image)
  }
  // What follows is later by the database's clock.
  await Bun.sleep(5)
  return images
}

function slice(
  store: MetadataStore,
  { trash = 't' as string | null, limit = 2, immutable = by.immutable } = {},
) {
  return store.change('deleteRepository', { repository: app, caller: 'tester', immutable, trash, limit })
}

async function deleteAll(store: MetadataStore, trash: string | null = 't'): Promise<void> {
  while ((await slice(store, { trash })).more);
}

function restore(
  store: MetadataStore,
  { id = 't', repository = null as RepositoryName | null, limit = 2 } = {},
): Promise<RestoredSlice> {
  return store.change('restoreTrash', { id, repository, tag: null, grace: hour, limit, ...by })
}

async function restoreAll(store: MetadataStore, options: Parameters<typeof restore>[1] = {}) {
  const slices = []
  do slices.push(await restore(store, options))
  while (slices.at(-1)?.more)
  return slices
}

async function tags(store: MetadataStore, repository = app): Promise<number> {
  return (await store.listTags({ repository, limit: 100 })).length
}

export function trashedRepositoriesContract(open: OpenStore): void {
  test('a repository goes slice by slice, and comes back as one', async () => {
    const store = await open()
    const images = await pushImages(store, 5)
    expect(await slice(store)).toEqual({ manifests: 2, tags: 4, more: true })
    await deleteAll(store)
    expect(await store.repositoryExists(app)).toBe(false)
    expect(await store.listTrash({ limit: 10 })).toMatchObject([
      { id: 't', kind: 'repository', name: '', manifests: 5, tagCount: 10 },
    ])
    const slices = await restoreAll(store)
    expect(slices.length).toBeGreaterThan(5)
    expect(slices.reduce((sum, one) => sum + one.manifests, 0)).toBe(5)
    expect(slices.flatMap((one) => one.tags)).toHaveLength(10)
    for (const [index, { digest }] of images.entries())
      expect((await store.findTagged({ repository: app, tag: tag(`v${index}`) }))?.digest).toBe(digest)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
  })

  test('an index and its children come back with their repository', async () => {
    const store = await open()
    const [image] = await pushImages(store, 1)
    if (!image) throw new Error('an image')
    const references = [refersTo(image.digest, 'child')]
    const index = manifest('index', { kind: 'index', references, tags: [tag('multi')] })
    await store.change('putManifest', index)
    await deleteAll(store)
    const slices = await restoreAll(store, { repository: other, limit: 1 })
    expect(slices.flatMap(({ missing }) => missing)).toEqual([])
    expect((await store.findTagged({ repository: other, tag: tag('multi') }))?.digest).toBe(index.digest)
    expect(await store.findManifest({ repository: other, digest: image.digest })).toBeDefined()
    expect(
      await store.findBlob({ repository: other, digest: image.references[0]?.digest as never }),
    ).toBeDefined()
  })

  test('with an immutable tag the slice that has it is refused', async () => {
    const store = await open()
    await pushImages(store, 1)
    const refused = slice(store, { immutable: ['also-*'] })
    expect(await failureOf(refused)).toMatchObject({ code: 'TAG_IMMUTABLE' })
    expect(await tags(store)).toBe(2)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
  })

  test('a deletion for good leaves no trash', async () => {
    const store = await open()
    await pushImages(store, 3)
    await deleteAll(store, null)
    expect(await store.repositoryExists(app)).toBe(false)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
  })

  test('a name that was taken since asks for another', async () => {
    const store = await open()
    await pushImages(store, 3)
    await deleteAll(store)
    await store.change('putManifest', manifest('newer', { tags: [tag('v9')] }))
    expect(await failureOf(restore(store))).toMatchObject({ code: 'REPOSITORY_TAKEN' })
    await store.change('putManifest', manifest('other', { repository: other }))
    expect(await failureOf(restore(store, { repository: other }))).toMatchObject({ code: 'REPOSITORY_TAKEN' })
    const third = 'team/third' as RepositoryName
    await restoreAll(store, { repository: third })
    expect(await tags(store, third)).toBe(6)
    expect(await tags(store)).toBe(1)
  })

  test('a deletion that was interrupted is taken back, and so is its rest', async () => {
    const store = await open()
    await pushImages(store, 5)
    expect((await slice(store)).more).toBe(true)
    await restoreAll(store)
    expect(await tags(store)).toBe(10)
    expect((await slice(store, { trash: 'first' })).more).toBe(true)
    await deleteAll(store, 'second')
    await restoreAll(store, { id: 'second' })
    await restoreAll(store, { id: 'first' })
    expect(await tags(store)).toBe(10)
  })

  test('a restore that was interrupted goes on to where it went, whatever was pushed there', async () => {
    const store = await open()
    await pushImages(store, 5)
    await deleteAll(store)
    expect(await restore(store, { repository: other })).toMatchObject({ manifests: 2, more: true })
    expect((await store.findTrash('t'))?.restoringTo).toBe(other)
    const newer = manifest('newer', { repository: other, tags: [tag('v0')] })
    await store.change('putManifest', newer)
    expect(await failureOf(restore(store, { repository: app }))).toMatchObject({ code: 'REPOSITORY_TAKEN' })
    const slices = await restoreAll(store)
    expect(slices.at(-1)?.repository).toBe(other)
    expect(slices.flatMap(({ skipped }) => skipped)).toEqual([tag('v0')])
    expect(slices.flatMap((one) => one.tags)).toHaveLength(9)
    expect((await store.findTagged({ repository: other, tag: tag('v0') }))?.digest).toBe(newer.digest)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
  })

  test('what is pushed while its repository is deleted goes with it, and comes back as it was last', async () => {
    const store = await open()
    const images = await pushImages(store, 3)
    await slice(store, { limit: 2 })
    const [again] = [...images].sort((a, b) => (a.digest < b.digest ? -1 : 1))
    if (!again) throw new Error('an image')
    await store.change('putManifest', { ...again, tags: [tag('moved')] })
    await deleteAll(store)
    expect(await store.repositoryExists(app)).toBe(false)
    await restoreAll(store)
    expect((await store.findTagged({ repository: app, tag: tag('moved') }))?.digest).toBe(again.digest)
    expect(await tags(store)).toBe(7)
  })

  test('a repository is given no tag', async () => {
    const store = await open()
    await pushImages(store, 1)
    await deleteAll(store)
    const given = store.change('restoreTrash', {
      id: 't',
      repository: null,
      tag: tag('one'),
      grace: hour,
      limit: 10,
      ...by,
    })
    expect(await failureOf(given)).toMatchObject({ code: 'TAG_INVALID' })
  })
}
