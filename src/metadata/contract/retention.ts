import { expect, test } from 'bun:test'
import type { Digest } from '../../oci/digest.ts'
import type { MetadataStore, TagAge } from '../metadata-store.ts'
import { app, digestFor, hour, manifest, type OpenStore, other, refersTo, tag } from './fixtures.ts'

const day = 86_400_000
const by = { repository: app, caller: 'retention', immutable: [], grace: hour }

async function ages(store: MetadataStore): Promise<TagAge[]> {
  return store.listTagAges({ repository: app, limit: 1000 })
}

/** What retention asks for, with each tag as it is now. */
async function retirement(store: MetadataStore, digest: Digest, names: readonly string[]) {
  const found = (await ages(store)).filter((age) => names.includes(age.tag) && age.digest === digest)
  expect(found).toHaveLength(names.length)
  const tags = found.map(({ tag: name, updatedAt }, index) => ({
    tag: name,
    updatedAt,
    trash: `trash-${index}`,
  }))
  return { ...by, digest, tags }
}

async function tagNames(store: MetadataStore): Promise<string[]> {
  return (await store.listTags({ repository: app, limit: 1000 })).map(String)
}

export function retentionContract(open: OpenStore): void {
  test('tags come newest first, of one moment the later name first, and page by page the same', async () => {
    const store = await open()
    for (const names of [['m', 'b', 'B', '_', 'z'], ['a'], ['x', 'y', '10', '9']]) {
      await store.change('putManifest', manifest(names.join(), { tags: names.map(tag) }))
      await Bun.sleep(2)
    }
    await store.change('putManifest', manifest('elsewhere', { repository: other, tags: [tag('n')] }))
    const all = await ages(store)
    const sorted = all.toSorted((a, b) => b.updatedAt - a.updatedAt || (a.tag < b.tag ? 1 : -1))
    expect(all).toEqual(sorted)
    expect(all).toHaveLength(10)
    const paged: TagAge[] = []
    for (let after: TagAge | undefined; ; after = paged.at(-1)) {
      const page = await store.listTagAges({ repository: app, after, limit: 3 })
      paged.push(...page)
      if (page.length < 3) break
    }
    expect(paged).toEqual(all)
  })

  test('a tag that is set to the same manifest again is the newest, and did not move', async () => {
    const store = await open()
    const image = manifest('1', { tags: [tag('a')] })
    await store.change('putManifest', image)
    await Bun.sleep(2)
    await store.change('putManifest', manifest('2', { tags: [tag('b')] }))
    await Bun.sleep(2)
    await store.change('putManifest', image)
    expect((await ages(store)).map((age) => age.tag)).toEqual([tag('a'), tag('b')])
    expect(await store.listTagMoves({ repository: app, tag: tag('a'), limit: 10 })).toHaveLength(1)
  })

  test('a pull is known to the day, and one of a child is one of its index', async () => {
    const store = await open()
    const child = manifest('child')
    const index = manifest('index', {
      kind: 'index',
      references: [refersTo(child.digest, 'child')],
      tags: [tag('index')],
    })
    const image = manifest('image', { tags: [tag('image')] })
    for (const put of [child, index, image]) await store.change('putManifest', put)
    const pulls = async () => Object.fromEntries((await ages(store)).map((age) => [age.tag, age.pulledDay]))
    expect(await pulls()).toEqual({ index: undefined, image: undefined })
    const gone = { repository: app, digest: digestFor('gone') }
    await store.change('recordPulls', { pulls: [{ repository: app, digest: child.digest }, gone] })
    const now = await store.clock()
    const today = now - (now % day)
    expect(await pulls()).toEqual({ index: today, image: undefined })
    await store.change('recordPulls', { pulls: [{ repository: app, digest: image.digest }] })
    await store.change('recordPulls', { pulls: [{ repository: app, digest: image.digest }] })
    expect(await pulls()).toEqual({ index: today, image: today })
  })

  test('a pull of what is gone by the time that it is written leaves nothing', async () => {
    const store = await open()
    const image = manifest('image', { tags: [tag('a')] })
    await store.change('recordPulls', { pulls: [{ repository: app, digest: image.digest }] })
    await store.change('putManifest', image)
    expect((await ages(store)).map(({ pulledDay }) => pulledDay)).toEqual([undefined])
  })

  test('a manifest goes with its last tags as one deletion, which can be taken back', async () => {
    const store = await open()
    const image = manifest('image', { tags: [tag('a'), tag('b')] })
    await store.change('putManifest', image)
    const args = await retirement(store, image.digest, ['a', 'b'])
    expect(await store.change('retireTags', args)).toEqual({ tags: 2, manifest: true })
    expect(await store.findManifest({ repository: app, digest: image.digest })).toBeUndefined()
    const trash = await store.listTrash({ limit: 10 })
    expect(trash).toMatchObject([
      { kind: 'manifest', name: image.digest, caller: 'retention', manifests: 1, tags: ['a', 'b'] },
    ])
    const restoration = { repository: null, tag: null, caller: 'me', immutable: [], grace: 1, limit: 10 }
    await store.change('restoreTrash', { id: trash[0]?.id ?? '', ...restoration })
    expect(await tagNames(store)).toEqual(['a', 'b'])
  })

  test('without a trash they go for good', async () => {
    const store = await open()
    const image = manifest('image', { tags: [tag('a')] })
    await store.change('putManifest', image)
    const { tags, ...args } = await retirement(store, image.digest, ['a'])
    await store.change('retireTags', { ...args, tags: tags.map((each) => ({ ...each, trash: null })) })
    expect(await store.repositoryExists(app)).toBe(false)
    expect(await store.listTrash({ limit: 10 })).toEqual([])
  })

  test('a manifest with a tag that stays loses the others alone, each a deletion of its own', async () => {
    const store = await open()
    const image = manifest('image', { tags: ['a', 'b', 'stays'].map(tag) })
    await store.change('putManifest', image)
    const args = await retirement(store, image.digest, ['a', 'b'])
    expect(await store.change('retireTags', args)).toEqual({ tags: 2, manifest: false })
    expect(await tagNames(store)).toEqual(['stays'])
    expect((await store.listTrash({ limit: 10 })).map(({ kind, name }) => [kind, name]).sort()).toEqual([
      ['tag', 'a'],
      ['tag', 'b'],
    ])
  })

  test('a child of an index loses its tags alone, and so does a referrer of a manifest that is there', async () => {
    const store = await open()
    const child = manifest('child', { tags: [tag('child')] })
    await store.change('putManifest', child)
    const references = [refersTo(child.digest, 'child')]
    await store.change('putManifest', manifest('index', { kind: 'index', references }))
    const subject = child.digest
    const signature = manifest('signature', { subject, tags: [tag('signature')] })
    await store.change('putManifest', signature)
    for (const [{ digest }, name] of [
      [child, 'child'],
      [signature, 'signature'],
    ] as const) {
      const args = await retirement(store, digest, [name])
      expect(await store.change('retireTags', args)).toEqual({ tags: 1, manifest: false })
      expect(await store.findManifest({ repository: app, digest })).toBeDefined()
    }
    expect(await tagNames(store)).toEqual([])
  })

  test('a tag that moved, went or was set again since it was judged stays as it is', async () => {
    const store = await open()
    const image = manifest('image', { tags: ['gone', 'moved', 'set', 'same'].map(tag) })
    await store.change('putManifest', image)
    const args = await retirement(store, image.digest, ['gone', 'moved', 'set', 'same'])
    await Bun.sleep(2)
    const next = manifest('next', { tags: [tag('moved')] })
    await store.change('putManifest', next)
    await store.change('putManifest', { ...image, tags: [tag('set')] })
    await store.change('deleteTag', { ...by, tag: tag('gone'), trash: null })
    expect(await store.change('retireTags', args)).toEqual({ tags: 1, manifest: false })
    expect(await tagNames(store)).toEqual(['moved', 'set'])
    expect((await store.findTagged({ repository: app, tag: tag('moved') }))?.digest).toBe(next.digest)
    expect(await store.change('retireTags', args)).toEqual({ tags: 0, manifest: false })
  })

  test('a tag that is set while its manifest is being retired points at it, or is not set', async () => {
    const store = await open()
    for (let round = 0; round < 20; round += 1) {
      const image = manifest(`round ${round}`, { tags: [tag('old')] })
      await store.change('putManifest', image)
      const args = await retirement(store, image.digest, ['old'])
      const [, put] = await Promise.all([
        store.change('retireTags', args),
        store.change('putTag', { ...by, tag: tag('new'), digest: image.digest }),
      ])
      const found = await store.findTagged({ repository: app, tag: tag('new') })
      expect(found?.digest).toBe(put ? image.digest : undefined)
      if (put) await store.change('deleteManifest', { ...by, digest: image.digest, trash: null })
      for (const { id } of await store.listTrash({ limit: 10 })) {
        while (await store.change('emptyTrash', { id, limit: 10 }));
      }
    }
  })

  test('what does not exist is not retired', async () => {
    const store = await open()
    const tags = [{ tag: tag('a'), updatedAt: 0, trash: null }]
    expect(await store.change('retireTags', { ...by, digest: digestFor('none'), tags })).toEqual({
      tags: 0,
      manifest: false,
    })
  })
}
