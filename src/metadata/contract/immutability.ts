import { expect, test } from 'bun:test'
import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/tag.ts'
import type { ManifestPut } from '../changes/manifests.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { app, failureOf, hour, manifest, type OpenStore, other, tag } from './fixtures.ts'

const immutable = ['v*']
const fixed = tag('v1')
const caller = 'tester'

const first = manifest('first', { tags: [fixed, tag('free')], immutable })
const second = manifest('second', { tags: [tag('other'), tag('old')] })
const third = manifest('third', { immutable })

/** A repository whose tag v1 was moved while it could be, and is immutable now; deletions of then are in the trash. */
async function prepared(open: OpenStore): Promise<MetadataStore> {
  const store = await open()
  await store.change('putManifest', second)
  const deletion = { repository: app, caller, immutable: [], grace: hour }
  for (const [name, trash] of [
    [fixed, 'trash-v1'],
    [tag('old'), 'trash-old'],
  ] as const) {
    await store.change('putTag', { ...deletion, tag: name, digest: second.digest })
    await store.change('deleteTag', { ...deletion, tag: name, trash })
  }
  const gone = manifest('gone', { tags: [fixed] })
  await store.change('putManifest', gone)
  await store.change('deleteManifest', { ...deletion, digest: gone.digest, trash: 'trash-gone' })
  await store.change('putManifest', first)
  return store
}

/** All that a refused change must leave as it was. */
async function everythingIn(store: MetadataStore) {
  const tags = await store.listTags({ repository: app, limit: 100 })
  return {
    tags: await Promise.all(
      tags.map(async (name) => [name, (await store.findTagged({ repository: app, tag: name }))?.digest]),
    ),
    manifests: await store.listPresent({
      repository: app,
      digests: [first, second, third].map(({ digest }) => digest),
    }),
    trash: await store.listTrash({ limit: 100 }),
    moves: await store.listTagMoves({ repository: app, tag: fixed, limit: 100 }),
  }
}

const rights = { caller, immutable, grace: hour }
const restoration = { repository: null, tag: null, ...rights, limit: 100 }

type Change = (store: MetadataStore, updatedAt: number) => Promise<unknown>

const refused: Readonly<Record<string, Change>> = {
  'a push of another manifest': (store) => store.change('putManifest', { ...third, tags: [fixed] }),
  'a push of several tags, of which it is one': (store) =>
    store.change('putManifest', { ...third, tags: [tag('a'), fixed, tag('z')] }),
  'the deletion of the tag': (store) =>
    store.change('deleteTag', { repository: app, tag: fixed, ...rights, trash: null }),
  'the deletion of the tag into the trash': (store) =>
    store.change('deleteTag', { repository: app, tag: fixed, ...rights, trash: 'new' }),
  'the deletion of its manifest': (store) =>
    store.change('deleteManifest', { repository: app, digest: first.digest, ...rights, trash: null }),
  'the deletion of its manifest into the trash': (store) =>
    store.change('deleteManifest', { repository: app, digest: first.digest, ...rights, trash: 'new' }),
  'its removal by retention': (store, updatedAt) =>
    store.change('retireTags', {
      repository: app,
      digest: first.digest,
      ...rights,
      tags: [{ tag: fixed, updatedAt, trash: 'new' }],
    }),
  'the deletion of its repository, slice by slice': (store) =>
    store.change('deleteRepository', { repository: app, ...rights, trash: 'new', limit: 1 }),
  'the deletion of its repository for good': (store) =>
    store.change('deleteRepository', { repository: app, ...rights, trash: null, limit: 100 }),
  'being put back to where it was': (store) =>
    store.change('putTag', { repository: app, tag: fixed, digest: second.digest, ...rights }),
}

/** Whoever restores is told that he may choose another name, as for any tag that is taken. */
const taken: Readonly<Record<string, Change>> = {
  'the return of its deletion of before': (store) =>
    store.change('restoreTrash', { id: 'trash-v1', ...restoration }),
  'the return of a manifest that had the name': (store) =>
    store.change('restoreTrash', { id: 'trash-gone', ...restoration }),
  'the return of another deletion under its name': (store) =>
    store.change('restoreTrash', { id: 'trash-old', ...restoration, tag: fixed }),
}

const accepted: Readonly<Record<string, (store: MetadataStore) => Promise<unknown>>> = {
  'a push of the same manifest': (store) => store.change('putManifest', { ...first, tags: [fixed] }),
  'a push of the same manifest under a new tag as well': (store) =>
    store.change('putManifest', { ...first, tags: [fixed, tag('v2')] }),
  'being put where it is': (store) =>
    store.change('putTag', { repository: app, tag: fixed, digest: first.digest, ...rights }),
  'the deletion of another tag of its manifest': (store) =>
    store.change('deleteTag', { repository: app, tag: tag('free'), ...rights, trash: null }),
  'the deletion of another manifest': (store) =>
    store.change('deleteManifest', { repository: app, digest: second.digest, ...rights, trash: null }),
}

export function immutabilityContract(open: OpenStore): void {
  const paths = [
    ...Object.entries(refused).map((entry) => [...entry, 'TAG_IMMUTABLE'] as const),
    ...Object.entries(taken).map((entry) => [...entry, 'TAG_TAKEN'] as const),
  ]
  for (const [path, change, code] of paths) {
    test(`an immutable tag withstands ${path}, and nothing is changed`, async () => {
      const store = await prepared(open)
      const before = await everythingIn(store)
      const ages = await store.listTagAges({ repository: app, limit: 100 })
      const updatedAt = ages.find((age) => age.tag === fixed)?.updatedAt ?? 0
      expect(await failureOf(change(store, updatedAt))).toMatchObject({ code, detail: { tag: fixed } })
      expect(await everythingIn(store)).toEqual(before)
    })
  }

  for (const [path, change] of Object.entries(accepted)) {
    test(`an immutable tag does not stand against ${path}`, async () => {
      const store = await prepared(open)
      await change(store)
      expect((await store.findTagged({ repository: app, tag: fixed }))?.digest).toBe(first.digest)
    })
  }

  test('an immutable tag comes back where its name is free', async () => {
    const store = await prepared(open)
    await store.change('restoreTrash', { id: 'trash-v1', ...restoration, tag: tag('v3') })
    expect((await store.findTagged({ repository: app, tag: tag('v3') }))?.digest).toBe(second.digest)
  })

  test.each([
    ['rel_*', ['relx1', 'xrel_1'], false],
    ['rel_*', ['rel_1'], true],
    ['v?', ['V1', 'v', 'v10'], false],
    ['v?', ['v1'], true],
    ['a.b', ['axb'], false],
    ['*', ['anything'], true],
  ])('patterns are globs where a repository is deleted: %s and the tags %p', async (glob, names, held) => {
    const store = await open()
    await store.change('putManifest', manifest('image', { tags: names.map(tag) }))
    const deletion = { repository: app, caller, immutable: [glob], trash: null, limit: 10 }
    const outcome = await store.change('deleteRepository', deletion).then(
      () => 'deleted',
      (error) => error.code,
    )
    expect(outcome).toBe(held ? 'TAG_IMMUTABLE' : 'deleted')
    expect(await store.repositoryExists(app)).toBe(held)
  })

  test('of clients that set a new immutable tag at once one wins, and the others are told', async () => {
    const store = await open()
    for (let round = 0; round < 40; round += 1) {
      const name = tag(`v${round}`)
      const puts = [0, 1, 2].map((client) =>
        manifest(`round ${round}, client ${client}`, { repository: other, tags: [name], immutable }),
      )
      const outcomes = await Promise.all(puts.map((put) => outcomeOf(store, put)))
      const winners = puts.filter((_, index) => outcomes[index] === 'stored')
      expect(winners).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'TAG_IMMUTABLE')).toHaveLength(2)
      const winner = winners[0]?.digest as Digest
      expect((await store.findTagged({ repository: other, tag: name as Tag }))?.digest).toBe(winner)
      const digests = puts.map(({ digest }) => digest)
      expect(await store.listPresent({ repository: other, digests })).toEqual([winner])
    }
  })
}

function outcomeOf(store: MetadataStore, put: ManifestPut): Promise<string> {
  return store.change('putManifest', put).then(
    () => 'stored',
    (error: { code: string }) => error.code,
  )
}
