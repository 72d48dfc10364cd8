import { expect, test } from 'bun:test'
import {
  app,
  deletion,
  digestFor,
  failureOf,
  hour,
  manifest,
  type OpenStore,
  other,
  tag,
} from './fixtures.ts'

const latest = { repository: app, tag: tag('latest') }
const mover = { caller: 'operator', immutable: [], grace: hour }

export function historyContract(open: OpenStore): void {
  test('a tag remembers each move in order, however fast they come', async () => {
    const store = await open()
    const images = ['1', '2', '3', '4'].map((content) => manifest(content, { tags: [latest.tag] }))
    for (const image of images) await store.change('putManifest', image)
    await store.change('deleteTag', { ...latest, ...deletion })
    const moves = await store.listTagMoves({ ...latest, limit: 10 })
    expect(moves.map(({ digest }) => digest)).toEqual([null, ...images.map(({ digest }) => digest).reverse()])
    expect(moves.every(({ caller }) => caller === 'tester')).toBe(true)
    expect(new Set(moves.map(({ at }) => at)).size).toBe(5)
    expect(await store.listTagMoves({ ...latest, limit: 2 })).toEqual(moves.slice(0, 2))
    expect(await store.listTagMoves({ ...latest, repository: other, limit: 2 })).toEqual([])
  })

  test('moves that come at once are all remembered, the last of them last', async () => {
    const store = await open()
    const images = Array.from({ length: 20 }, (_, index) => manifest(`${index}`, { tags: [latest.tag] }))
    await Promise.all(images.map((image) => store.change('putManifest', image)))
    const moves = await store.listTagMoves({ ...latest, limit: 100 })
    expect(moves.map(({ digest }) => String(digest)).sort()).toEqual(
      images.map(({ digest }) => String(digest)).sort(),
    )
    expect(new Set(moves.map(({ at }) => at)).size).toBe(20)
    expect(moves[0]?.digest).toBe((await store.findTagged(latest))?.digest as never)
  })

  test('a push that moves nothing is no move', async () => {
    const store = await open()
    const image = manifest('same', { tags: [latest.tag] })
    await store.change('putManifest', image)
    await store.change('putManifest', image)
    expect(await store.listTagMoves({ ...latest, limit: 10 })).toHaveLength(1)
  })

  test('tells what a tag pointed at at any time', async () => {
    const store = await open()
    const [first, second] = ['1', '2'].map((content) => manifest(content, { tags: [latest.tag] }))
    if (!first || !second) throw new Error('two manifests')
    await store.change('putManifest', first)
    await store.change('putManifest', second)
    await store.change('deleteManifest', { repository: app, digest: second.digest, ...deletion })
    const [gone, moved, made] = await store.listTagMoves({ ...latest, limit: 3 })
    if (!gone || !moved || !made) throw new Error('three moves')
    expect(await store.findTagAt({ ...latest, at: made.at - 1 })).toBeUndefined()
    expect(await store.findTagAt({ ...latest, at: made.at })).toBe(first.digest)
    expect(await store.findTagAt({ ...latest, at: moved.at - 1 })).toBe(first.digest)
    expect(await store.findTagAt({ ...latest, at: moved.at })).toBe(second.digest)
    expect(await store.findTagAt({ ...latest, at: gone.at })).toBeNull()
    expect(await store.findTagAt({ ...latest, at: gone.at + hour })).toBeNull()
    expect(await store.pointedAt({ ...latest, digest: second.digest })).toBe(true)
    expect(await store.pointedAt({ ...latest, digest: digestFor('never') })).toBe(false)
  })

  test('a tag is put back to a manifest that is there, and the move is remembered', async () => {
    const store = await open()
    const [first, second] = ['1', '2'].map((content) => manifest(content, { tags: [latest.tag] }))
    if (!first || !second) throw new Error('two manifests')
    await store.change('putManifest', first)
    await store.change('putManifest', second)
    expect(await store.change('putTag', { ...latest, ...mover, digest: first.digest })).toBe(true)
    expect((await store.findTagged(latest))?.digest).toBe(first.digest)
    expect((await store.listTagMoves({ ...latest, limit: 1 }))[0]).toMatchObject({
      digest: first.digest,
      caller: 'operator',
    })
  })

  test('a tag is put back to a manifest in the trash, which comes back with it', async () => {
    const store = await open()
    const image = manifest('trashed', { tags: [latest.tag] })
    await store.change('putManifest', image)
    await store.change('deleteManifest', { repository: app, digest: image.digest, ...deletion, trash: 't1' })
    expect(await store.findManifest({ repository: app, digest: image.digest })).toBeUndefined()
    expect(await store.change('putTag', { ...latest, ...mover, digest: image.digest })).toBe(true)
    expect((await store.findTagged(latest))?.digest).toBe(image.digest)
  })

  test('a tag is not put back to a manifest that is gone for good, or of another repository', async () => {
    const store = await open()
    const image = manifest('elsewhere', { repository: other })
    await store.change('putManifest', image)
    expect(await store.change('putTag', { ...latest, ...mover, digest: image.digest })).toBe(false)
    expect(await store.findTagged(latest)).toBeUndefined()
    expect(await store.listTagMoves({ ...latest, limit: 1 })).toEqual([])
  })

  test('an immutable tag is not put back', async () => {
    const store = await open()
    const [first, second] = ['1', '2'].map((content) => manifest(content, { tags: [latest.tag] }))
    if (!first || !second) throw new Error('two manifests')
    await store.change('putManifest', first)
    await store.change('putManifest', second)
    const put = { ...latest, ...mover, digest: first.digest, immutable: ['la*'] }
    expect(await failureOf(store.change('putTag', put))).toMatchObject({ code: 'TAG_IMMUTABLE' })
    expect((await store.findTagged(latest))?.digest).toBe(second.digest)
  })

  test('sums a repository and lists its tags with what they point at', async () => {
    const store = await open()
    const images = ['1', '2', '3'].map((content) =>
      manifest(content, { tags: [tag(`v${content}`)], contentSize: Number(content) * 10 }),
    )
    for (const image of images) await store.change('putManifest', image)
    await store.change('putManifest', manifest('1', { repository: other }))
    const slice = { repository: app, after: '', limit: 2 }
    const first = await store.sumManifests(slice)
    expect(first.count).toBe(2)
    expect(first.lastPush).toBeGreaterThan(0)
    expect(await store.sumManifests({ ...slice, after: first.last ?? '' })).toMatchObject({
      count: 1,
      last: undefined,
    })
    expect(await store.countTags({ ...slice, limit: 10 })).toEqual({ count: 3, last: undefined })
    expect(await store.countTags(slice)).toEqual({ count: 2, last: 'v2' })
    expect(await store.sumLinks(slice)).toEqual({ count: 0, bytes: 0, last: undefined })
    const tags = await store.listTaggedManifests({ repository: app, after: 'v1', limit: 10 })
    expect(tags.map(({ tag, contentSize }) => [String(tag), contentSize])).toEqual([
      ['v2', 20],
      ['v3', 30],
    ])
    expect(tags[0]?.digest).toBe(images[1]?.digest as never)
  })
}
