import { expect, test } from 'bun:test'
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
  upload,
} from './fixtures.ts'

export function damageContract(open: OpenStore): void {
  test('a quarantined blob is not mounted, and no manifest may rely on it', async () => {
    const store = await open()
    const { digest, objectKey } = await storeBlob(store)
    expect(await store.change('quarantineBlob', { digest, objectKey })).toBe(true)
    expect(await store.findBlob({ repository: app, digest })).toMatchObject({ damaged: true })
    expect(await store.findStored({ digest })).toMatchObject({ objectKey, damaged: true })
    const mount = { repository: other, digest, from: app, grace: hour }
    expect(await store.change('mountBlob', mount)).toBe(false)
    const put = store.change('putManifest', manifest('on sand', { references: [refersTo(digest)] }))
    expect(await failureOf(put)).toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digest } })
  })

  test('a push heals a quarantined blob for all that hold it, and the damaged object is doomed', async () => {
    const store = await open()
    const first = await storeBlob(store)
    const { digest } = first
    await store.change('mountBlob', { repository: other, digest, from: app, grace: hour })
    await store.change('quarantineBlob', first)
    const second = await storeBlob(store, { repository: other, size: 101 })
    for (const repository of [app, other]) {
      expect(await store.findBlob({ repository, digest })).toMatchObject({
        damaged: false,
        objectKey: second.objectKey,
        size: 101,
      })
    }
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([first.objectKey])
    const third = await storeBlob(store)
    expect((await store.findStored({ digest }))?.objectKey).toBe(second.objectKey)
    expect(await store.findObject(third.objectKey)).toBe('doomed')
  })

  test('what was found of an object is not said of the one that took its place', async () => {
    const store = await open()
    const first = await storeBlob(store)
    await store.change('quarantineBlob', first)
    await storeBlob(store)
    expect(await store.change('quarantineBlob', first)).toBe(false)
    expect(await store.change('releaseBlob', first)).toBe(false)
    expect(await store.findStored(first)).toMatchObject({ damaged: false })
  })

  test('a quarantined blob is released once', async () => {
    const store = await open()
    const stored = await storeBlob(store)
    expect(await store.change('releaseBlob', stored)).toBe(false)
    await store.change('quarantineBlob', stored)
    expect(await store.change('releaseBlob', stored)).toBe(true)
    expect(await store.change('releaseBlob', stored)).toBe(false)
    expect(await store.findStored(stored)).toMatchObject({ damaged: false })
  })

  test('a manifest whose bytes are wrong is told from a sound one, until a push heals it', async () => {
    const store = await open()
    const subject = digestFor('subject')
    const sound = manifest('sound', { subject })
    const wrong = manifest('wrong', { subject, digest: digestFor('something else'), tags: [tag('v1')] })
    for (const put of [sound, wrong]) await store.change('putManifest', put)
    const check = (digest: typeof subject) => store.change('checkManifest', { repository: app, digest })
    expect(await check(sound.digest)).toBe('sound')
    expect(await check(digestFor('nothing'))).toBe('absent')
    expect(await store.listManifests({ limit: 10 })).toMatchObject([{ damaged: false }, { damaged: false }])
    // It is not served even before anybody looked.
    expect(await store.findTagged({ repository: app, tag: tag('v1') })).toMatchObject({ damaged: true })
    expect(await check(wrong.digest)).toBe('damaged')
    expect(await check(wrong.digest)).toBe('damaged')
    expect((await store.listManifests({ limit: 10 })).filter(({ damaged }) => damaged)).toHaveLength(1)
    const by = { repository: app, digest: wrong.digest }
    expect(await store.findManifest(by)).toMatchObject({ damaged: true })
    expect(
      (await store.listReferrers({ repository: app, subject, limit: 9 })).map((each) => each.digest),
    ).toEqual([sound.digest])
    const right = new TextEncoder().encode('something else')
    await store.change('putManifest', { ...wrong, bytes: right })
    expect(await store.findManifest(by)).toMatchObject({ damaged: false })
    expect(await check(wrong.digest)).toBe('sound')
  })

  test('a damaged child counts as absent where an index must be whole', async () => {
    const store = await open()
    const child = manifest('child', { digest: digestFor('other bytes') })
    await store.change('putManifest', child)
    await store.change('checkManifest', child)
    const index = manifest('index', {
      kind: 'index',
      missing: 'none',
      references: [refersTo(child.digest, 'child')],
    })
    expect(await failureOf(store.change('putManifest', index))).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
  })

  test('a manifest that comes damaged out of the trash is known to be', async () => {
    const store = await open()
    const wrong = manifest('trashed', { digest: digestFor('its right bytes') })
    await store.change('putManifest', wrong)
    await store.change('deleteManifest', { ...deletion, repository: app, digest: wrong.digest, trash: 't1' })
    await store.change('restoreTrash', {
      id: 't1',
      repository: null,
      tag: null,
      caller: 'tester',
      immutable: [],
      grace: hour,
      limit: 10,
    })
    expect(await store.listManifests({ limit: 10 })).toMatchObject([{ digest: wrong.digest, damaged: true }])
  })

  test('lists blobs of one repository page by page, and manifests with their types', async () => {
    const store = await open()
    const own = []
    for (const content of ['a', 'b', 'c']) own.push(await storeBlob(store, { content }))
    await storeBlob(store, { content: 'd', repository: other })
    const sorted = own.map(({ digest }) => digest).sort()
    const first = await store.listLinkedBlobs({ repository: app, limit: 2 })
    expect(first.map(({ digest }) => digest)).toEqual(sorted.slice(0, 2))
    const second = await store.listLinkedBlobs({ repository: app, after: sorted[1] ?? '', limit: 2 })
    expect(second.map(({ digest }) => digest)).toEqual(sorted.slice(2))
    const put = manifest('listed')
    await store.change('putManifest', put)
    expect(await store.listManifests({ limit: 10 })).toMatchObject([
      { repository: app, digest: put.digest, mediaType: put.mediaType, damaged: false },
    ])
  })

  test('tells the objects that hold blobs from the others', async () => {
    const store = await open()
    const { objectKey } = await storeBlob(store)
    const many = Array.from({ length: 1200 }, (_, index) => `blobs/unknown-${index}`)
    expect(await store.objectsOfBlobs([...many, objectKey])).toEqual(new Set([objectKey]))
    expect(await store.objectsOfBlobs([])).toEqual(new Set())
  })

  test('names what a manifest refers to and its repository does not hold', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    const child = manifest('child')
    await store.change('putManifest', child)
    const [layer, absentChild] = [digestFor('absent layer'), digestFor('absent child')]
    const index = manifest('index', {
      kind: 'index',
      missing: 'all',
      references: [
        refersTo(digest),
        refersTo(child.digest, 'child'),
        refersTo(layer),
        refersTo(absentChild, 'child'),
        refersTo(digestFor('absent subject'), 'subject'),
      ],
      tags: [tag('b'), tag('a')],
    })
    await store.change('putManifest', index)
    const by = { repository: app, digest: index.digest }
    expect((await store.listAbsent(by)).sort()).toEqual([layer, absentChild].sort())
    expect((await store.listTagsOf({ ...by, limit: 10 })).map(({ tag }) => tag)).toEqual([tag('a'), tag('b')])
    expect((await store.listTagsOf({ ...by, limit: 1 })).map(({ tag }) => tag)).toEqual([tag('a')])
    expect(await store.listUsersOf({ repository: app, digest, limit: 10 })).toEqual([index.digest])
    expect(
      await store.listUsersOf({ repository: app, digest: digestFor('absent subject'), limit: 10 }),
    ).toEqual([])
    expect(await store.listAbsent({ repository: app, digest: child.digest })).toEqual([])
  })

  test('an unknown object is doomed, and a known one never', async () => {
    const store = await open()
    const id = newId()
    const { objectKey } = await storeBlob(store)
    await store.change('openUpload', { ...upload(id), targetKey: 'blobs/target-of-open' })
    for (const known of [objectKey, `uploads/${id}`, 'blobs/target-of-open'])
      expect(await store.change('doomUnknown', { objectKey: known, size: 5 })).toBe(false)
    expect(await store.change('doomUnknown', { objectKey: 'blobs/stray', size: 5 })).toBe(true)
    expect(await store.change('doomUnknown', { objectKey: 'blobs/stray', size: 5 })).toBe(false)
    expect(await store.listDoomed({ age: 0, limit: 10 })).toEqual([
      { objectKey: 'blobs/stray', size: 5, neverRead: false },
    ])
    expect(await store.listDoomed({ age: hour, limit: 10 })).toEqual([])
    expect(await store.findObject('blobs/stray')).toBe('doomed')
  })
}
