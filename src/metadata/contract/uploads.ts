import { expect, test } from 'bun:test'
import {
  app,
  digestFor,
  doomedKeys,
  failureOf,
  hour,
  newId,
  type OpenStore,
  other,
  storeBlob,
  upload,
} from './fixtures.ts'

export function uploadsContract(open: OpenStore): void {
  test('an upload is found in its repository only', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id))
    expect(await store.findUpload({ id, repository: app })).toEqual({
      id,
      objectKey: `uploads/${id}`,
      offset: 0,
      digestSoFar: digestFor(''),
    })
    expect(await store.findUpload({ id, repository: other })).toBeUndefined()
    const elsewhere = { id, repository: other, writer: 'w', target: null }
    expect(await failureOf(store.change('leaseUpload', elsewhere))).toMatchObject({
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
    expect(await store.change('cancelUpload', { id, repository: other })).toBeUndefined()
  })

  test('one writer at a time, and the second is told how far the first came', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id))
    const lease = { id, repository: app, writer: 'first', target: null }
    await store.change('leaseUpload', lease)
    const second = store.change('leaseUpload', { ...lease, writer: 'second' })
    expect(await failureOf(second)).toMatchObject({ code: 'BLOB_UPLOAD_BUSY', detail: { offset: 0 } })
    await store.change('appendUpload', { id, writer: 'first', from: 0, to: 7, digestSoFar: digestFor('a') })
    const row = await store.change('leaseUpload', { ...lease, writer: 'second' })
    expect(row).toMatchObject({ durable_offset: 7, digest_so_far: digestFor('a') })
  })

  test('a writer that lost its lease can record nothing', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id, { writer: 'first' }))
    const progress = { id, writer: 'stranger', from: 0, to: 5, digestSoFar: null }
    expect(await failureOf(store.change('appendUpload', progress))).toMatchObject({
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
    expect(await store.change('renewUpload', { id, writer: 'stranger' })).toBe(false)
    expect(await store.change('renewUpload', { id, writer: 'first' })).toBe(true)
    expect((await store.findUpload({ id, repository: app }))?.offset).toBe(0)
  })

  test('progress counts only from where the writer started', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id, { writer: 'w' }))
    const progress = { id, writer: 'w', from: 3, to: 5, digestSoFar: null }
    expect(await failureOf(store.change('appendUpload', progress))).toMatchObject({
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
  })

  test('a committed upload is a blob of its repository, and open no more', async () => {
    const store = await open()
    const { digest, objectKey } = await storeBlob(store)
    expect(await store.findBlob({ repository: app, digest })).toMatchObject({ digest, objectKey, size: 100 })
    expect(await store.findBlob({ repository: other, digest })).toBeUndefined()
    expect(await store.countUploads()).toBe(0)
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([])
  })

  test('of two uploads of one digest the first object stays and the second is doomed', async () => {
    const store = await open()
    const first = await storeBlob(store)
    const second = await storeBlob(store, { repository: other })
    expect((await store.findBlob({ repository: other, digest: first.digest }))?.objectKey).toBe(
      first.objectKey,
    )
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([second.objectKey])
    await store.change('forgetDoomed', { objectKeys: [second.objectKey] })
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([])
  })

  test('a commit without the lease changes nothing', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id, { writer: 'w' }))
    const digest = digestFor('never')
    const commit = { id, writer: 'x', repository: app, digest, objectKey: 'k', size: 1, grace: hour }
    expect(await failureOf(store.change('commitUpload', commit))).toMatchObject({
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
    expect(await store.findBlob({ repository: app, digest })).toBeUndefined()
    expect(await store.countUploads()).toBe(1)
  })

  test('a cancelled upload dooms both places where its object may lie', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', { ...upload(id), writer: 'w', targetKey: 'blobs/target' })
    expect(await store.change('cancelUpload', { id, repository: app })).toEqual([
      `uploads/${id}`,
      'blobs/target',
    ])
    expect((await doomedKeys(store, { age: hour, limit: 10 })).sort()).toEqual([
      'blobs/target',
      `uploads/${id}`,
    ])
    expect(await store.change('cancelUpload', { id, repository: app })).toBeUndefined()
  })

  test('a second closing request keeps a target of its digest where bytes may lie, and dooms any other', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id, { writer: 'w' }))
    await store.change('appendUpload', { id, writer: 'w', from: 0, to: 5, digestSoFar: null })
    const close = async (key: string) => {
      const target = { key, prefix: key.slice(0, 1) }
      const row = await store.change('leaseUpload', { id, repository: app, writer: 'w', target })
      await store.change('appendUpload', { id, writer: 'w', from: 5, to: 5, digestSoFar: null })
      return row.target_key
    }
    expect(await close('a1')).toBe('a1')
    expect(await close('a2')).toBe('a1')
    expect(await doomedKeys(store, { age: hour, limit: 10 })).toEqual([])
    expect(await close('b1')).toBe('b1')
    expect(await doomedKeys(store, { age: hour, limit: 10 })).toEqual(['a1'])
    const patch = { id, repository: app, writer: 'w', target: null }
    expect((await store.change('leaseUpload', patch)).target_key).toBe('b1')
  })

  test('what the storage notes and a hash that moves are found with the offset that they belong to', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id, { writer: 'w' }))
    const hashState = new Uint8Array([1, 0, 255])
    const progress = { id, writer: 'w', digestSoFar: null }
    await store.change('appendUpload', { ...progress, from: 0, to: 5, notes: '{"n":1}', hashState })
    const lease = { id, repository: app, writer: 'w', target: null }
    const row = await store.change('leaseUpload', lease)
    expect([row.notes, [...(row.hash_state ?? [])]]).toEqual(['{"n":1}', [1, 0, 255]])
    await store.change('appendUpload', { ...progress, from: 5, to: 9 })
    const later = await store.change('leaseUpload', lease)
    expect([later.durable_offset, later.notes, later.hash_state]).toEqual([9, null, null])
  })

  test('what new notes replace is doomed with them, and what a commit leaves with it', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id, { writer: 'w' }))
    const progress = { id, writer: 'w', from: 0, to: 5, digestSoFar: null, superseded: ['uploads/old'] }
    await store.change('appendUpload', progress)
    expect(await doomedKeys(store, { age: hour, limit: 10 })).toEqual(['uploads/old'])
    const late = store.change('appendUpload', {
      ...progress,
      from: 5,
      to: 6,
      superseded: ['uploads/not-mine'],
    })
    expect(await failureOf(late)).toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
    await store.change('leaseUpload', { id, repository: app, writer: 'x', target: null })
    const digest = digestFor('left')
    const commit = {
      id,
      writer: 'x',
      repository: app,
      digest,
      objectKey: 'uploads/tail',
      size: 5,
      grace: hour,
    }
    await store.change('commitUpload', { ...commit, superseded: ['uploads/tail-before'] })
    expect((await doomedKeys(store, { age: hour, limit: 10 })).sort()).toEqual([
      'uploads/old',
      'uploads/tail-before',
    ])
  })

  test('where the storage can’t rename, bytes that came before keep the upload’s own key', async () => {
    const store = await open()
    const id = newId()
    await store.change('openUpload', upload(id))
    const target = { key: 'blobs/new', prefix: 'uploads/own', resumed: 'uploads/own' }
    const lease = { id, repository: app, writer: 'w', target }
    expect((await store.change('leaseUpload', lease)).target_key).toBe('blobs/new')
    await store.change('appendUpload', { id, writer: 'w', from: 0, to: 5, digestSoFar: null })
    expect((await store.change('leaseUpload', lease)).target_key).toBe('uploads/own')
    expect(await doomedKeys(store, { age: hour, limit: 10 })).toEqual(['blobs/new'])
  })

  test('abandoned uploads go, those with a live writer stay', async () => {
    const store = await open()
    const [abandoned, written] = [newId(), newId()]
    await store.change('openUpload', upload(abandoned))
    await store.change('openUpload', upload(written, { writer: 'w' }))
    expect(await store.change('expireUploads', { age: hour, limit: 10 })).toBe(0)
    await Bun.sleep(5)
    expect(await store.change('expireUploads', { age: 1, limit: 10 })).toBe(1)
    expect(await store.findUpload({ id: abandoned, repository: app })).toBeUndefined()
    expect(await store.findUpload({ id: written, repository: app })).toBeDefined()
    expect(await doomedKeys(store, { age: hour, limit: 10 })).toEqual([`uploads/${abandoned}`])
  })

  test('many changes at once each get their own outcome', async () => {
    const store = await open()
    const ids = Array.from({ length: 100 }, newId)
    await Promise.all(ids.map((id) => store.change('openUpload', upload(id))))
    const outcomes = await Promise.allSettled(
      [...ids, ...ids].map((id) =>
        store.change('leaseUpload', { id, repository: app, writer: newId(), target: null }),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(100)
    expect(await store.countUploads()).toBe(100)
  })
}
