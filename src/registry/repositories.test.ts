import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../test/support/berth.ts'
import type { ChangeArguments, ChangeName, ChangeResult } from '../metadata/changes/changes.ts'
import { app, failureOf, manifest, refersTo, storeBlob, tag } from '../metadata/contract/fixtures.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { openSqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.ts'
import type { ManagedRegistry, Rules } from './registry.ts'
import { deleteRepository, showRepository } from './repositories.ts'
import { restoreTag, tagHistory } from './tags.ts'
import { emptyAllTrash, listTrash, restoreTrash } from './trash.ts'

const opened: MetadataStore[] = []
afterAll(async () => {
  for (const store of opened) await store.close()
})

const rules: Rules = {
  missing: 'index',
  deleteEnabled: true,
  grace: 3_600_000,
  readOnly: false,
  minFree: 0,
  immutableTags: [],
  trashRetention: 86_400_000,
}

async function open(changed: Partial<Rules> = {}): Promise<ManagedRegistry> {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const metadata = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  opened.push(metadata)
  return {
    metadata,
    rules: { ...rules, ...changed },
    now: () => Date.now(),
    newTrashId: () => Bun.randomUUIDv7(),
  }
}

/** Images under the tags v0, v1, …, of one shared layer. */
async function pushImages({ metadata }: ManagedRegistry, count: number): Promise<void> {
  const { digest } = await storeBlob(metadata)
  const references = [refersTo(digest)]
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      metadata.change('putManifest', manifest(`${index}`, { references, tags: [tag(`v${index}`)] })),
    ),
  )
  await Bun.sleep(2)
}

const deletion = { repository: app, caller: 'tester', purge: false }

test('sums a repository of more than one slice', async () => {
  const registry = await open()
  await pushImages(registry, 2300)
  expect(await showRepository(registry, { repository: app })).toEqual({
    name: app,
    tags: 2300,
    manifests: 2300,
    blobs: 1,
    bytes: 100,
    lastPush: expect.stringMatching(/^\d{4}-.*Z$/),
    visibility: 'private',
  })
})

test('deletes a repository of many slices as one, and takes it back', async () => {
  const registry = await open()
  await pushImages(registry, 130)
  const { trash, ...deleted } = await deleteRepository(registry, deletion)
  expect(deleted).toEqual({ repository: app, manifests: 130, tags: 130 })
  expect(await registry.metadata.repositoryExists(app)).toBe(false)
  const restored = await restoreTrash(registry, {
    id: trash ?? '',
    repository: undefined,
    tag: undefined,
    caller: 'tester',
  })
  expect(restored).toMatchObject({ repository: app, manifests: 130, tags: 130, skipped: [], missing: [] })
  expect(await showRepository(registry, { repository: app })).toMatchObject({ manifests: 130, tags: 130 })
})

test('one immutable tag among many slices keeps all of them', async () => {
  const immutableTags = [{ repositories: 'team/*', tags: 'v129' }]
  const registry = await open({ immutableTags })
  await pushImages(registry, 130)
  for (const purge of [false, true]) {
    expect(await failureOf(deleteRepository(registry, { ...deletion, purge }))).toMatchObject({
      code: 'TAG_IMMUTABLE',
      detail: { tag: 'v129' },
    })
  }
  expect(await showRepository(registry, { repository: app })).toMatchObject({ manifests: 130, tags: 130 })
  expect((await listTrash(registry, { repository: undefined, after: '', limit: 10 })).trash).toEqual([])
})

test('an immutable tag that is set during the deletion ends it, with the way back', async () => {
  const registry = await open({ immutableTags: [{ repositories: '**', tags: 'release' }] })
  await pushImages(registry, 130)
  const { metadata } = registry
  const meddling: MetadataStore = {
    ...metadata,
    async change<N extends ChangeName>(name: N, args: ChangeArguments<N>) {
      const result: ChangeResult<N> = await metadata.change(name, args)
      const [left] = await metadata.listManifests({ limit: 1 })
      if (left) {
        const put = { ...left, tag: tag('release'), caller: 'tester', immutable: [], grace: 0 }
        await metadata.change('putTag', put)
      }
      return result
    },
  }
  const error = (await failureOf(deleteRepository({ ...registry, metadata: meddling }, deletion))) as Error
  const [item] = (await listTrash(registry, { repository: app, after: '', limit: 10 })).trash
  expect(error).toMatchObject({ code: 'TAG_IMMUTABLE', detail: { trash: item?.id } })
  expect(error.message).toContain(`berth trash restore ${item?.id}`)
  await restoreTrash(registry, {
    id: item?.id ?? '',
    repository: undefined,
    tag: undefined,
    caller: 'tester',
  })
  expect(await showRepository(registry, { repository: app })).toMatchObject({ manifests: 130, tags: 131 })
})

test('empties the trash of one repository, or of all, page after page', async () => {
  const registry = await open()
  for (const repository of [app, 'one', 'two'] as (typeof app)[]) {
    for (let index = 0; index < (repository === app ? 105 : 1); index += 1) {
      const name = tag(`v${index}`)
      await registry.metadata.change('putManifest', manifest('image', { repository, tags: [name] }))
      const trash = registry.newTrashId()
      const args = { repository, tag: name, caller: 'tester', immutable: [], trash }
      await registry.metadata.change('deleteTag', args)
    }
  }
  const page = await listTrash(registry, { repository: undefined, after: '', limit: 100 })
  expect(page.trash).toHaveLength(100)
  expect(page.next).toBe(page.trash.at(-1)?.id ?? '')
  expect(await emptyAllTrash(registry, { repository: app })).toEqual({ emptied: 105 })
  expect(await emptyAllTrash(registry, { repository: undefined })).toEqual({ emptied: 2 })
})

test('a tag that was deleted is put back to what it pointed at last', async () => {
  const registry = await open()
  const address = { repository: app, tag: tag('latest') }
  const [first, second] = ['1', '2'].map((content) => manifest(content, { tags: [address.tag] }))
  if (!first || !second) throw new Error('two manifests')
  await registry.metadata.change('putManifest', first)
  await registry.metadata.change('putManifest', second)
  await registry.metadata.change('deleteTag', { ...address, caller: 'tester', immutable: [], trash: null })
  const restored = await restoreTag(registry, { ...address, to: undefined, caller: 'operator' })
  expect(restored).toMatchObject({ digest: second.digest, before: null })
  const { moves } = await tagHistory(registry, { ...address, limit: 10 })
  expect(moves.map(({ digest }) => digest)).toEqual([second.digest, null, second.digest, first.digest])
})
