import { expect, test } from 'bun:test'
import { app, deletion, manifest, type OpenStore, tag } from './fixtures.ts'

export function tagsContract(open: OpenStore): void {
  test('a tag moves, and reads see it at once', async () => {
    const store = await open()
    const [first, second] = [
      manifest('1', { tags: [tag('latest')] }),
      manifest('2', { tags: [tag('latest')] }),
    ]
    await store.change('putManifest', first)
    expect((await store.findTagged({ repository: app, tag: tag('latest') }))?.digest).toBe(first.digest)
    await store.change('putManifest', second)
    expect((await store.findTagged({ repository: app, tag: tag('latest') }))?.digest).toBe(second.digest)
    await store.change('putManifest', first)
    expect((await store.findTagged({ repository: app, tag: tag('latest') }))?.digest).toBe(first.digest)
  })

  test('deleting a tag deletes that tag only', async () => {
    const store = await open()
    const image = manifest('image', { tags: [tag('a'), tag('b')] })
    await store.change('putManifest', image)
    const remove = { repository: app, tag: tag('a'), ...deletion }
    expect(await store.change('deleteTag', remove)).toBe(true)
    expect(await store.change('deleteTag', remove)).toBe(false)
    expect(await store.findTagged({ repository: app, tag: tag('a') })).toBeUndefined()
    expect(await store.listTags({ repository: app, limit: 10 })).toEqual([tag('b')])
    expect(await store.findManifest({ repository: app, digest: image.digest })).toBeDefined()
  })

  test('deleting a manifest takes its tags with it, and no other', async () => {
    const store = await open()
    const [gone, stays] = [
      manifest('gone', { tags: [tag('a'), tag('b')] }),
      manifest('stays', { tags: [tag('c')] }),
    ]
    await store.change('putManifest', gone)
    await store.change('putManifest', stays)
    await store.change('deleteManifest', { repository: app, digest: gone.digest, ...deletion })
    expect(await store.listTags({ repository: app, limit: 10 })).toEqual([tag('c')])
  })
}
