import { expect, test } from 'bun:test'
import {
  app,
  deletion,
  digestFor,
  doomedKeys,
  failureOf,
  hour,
  manifest,
  type OpenStore,
  other,
  refersTo,
  storeBlob,
} from './fixtures.ts'

export function blobsContract(open: OpenStore): void {
  test('a mount links a blob that the source holds, and nothing else', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    const mount = { repository: other, digest, from: app, grace: hour }
    expect(await store.change('mountBlob', { ...mount, digest: digestFor('unknown') })).toBe(false)
    expect(await store.change('mountBlob', mount)).toBe(true)
    expect(await store.findBlob({ repository: other, digest })).toMatchObject({ size: 100 })
    expect((await store.listHolders({ digest, limit: 10 })).sort()).toEqual([app, other])
    expect(await store.listHolders({ digest, limit: 1 })).toHaveLength(1)
  })

  test('a blob goes with its last link, and its object is doomed in the same moment', async () => {
    const store = await open()
    const { digest, objectKey } = await storeBlob(store)
    await store.change('mountBlob', { repository: other, digest, from: app, grace: hour })
    expect(await store.change('unlinkBlob', { repository: app, digest })).toBe(true)
    expect(await store.findBlob({ repository: app, digest })).toBeUndefined()
    expect(await store.findBlob({ repository: other, digest })).toBeDefined()
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([])
    expect(await store.change('unlinkBlob', { repository: other, digest })).toBe(true)
    expect(await doomedKeys(store, { age: 0, limit: 10 })).toEqual([objectKey])
    expect(await store.change('unlinkBlob', { repository: other, digest })).toBe(false)
    const again = await storeBlob(store)
    expect((await store.findBlob({ repository: app, digest }))?.objectKey).toBe(again.objectKey)
  })

  test('a blob that a manifest uses is not unlinked, and the manifest is named', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    const image = manifest('image', { references: [refersTo(digest)] })
    await store.change('putManifest', image)
    expect(await failureOf(store.change('unlinkBlob', { repository: app, digest }))).toMatchObject({
      code: 'BLOB_IN_USE',
      detail: { usedBy: image.digest },
    })
    await store.change('deleteManifest', { repository: app, digest: image.digest, ...deletion })
    expect(await store.change('unlinkBlob', { repository: app, digest })).toBe(true)
  })

  test('confirming says what is there at that moment', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    const before = await store.findBlob({ repository: app, digest })
    await Bun.sleep(5)
    expect(await store.change('confirmBlob', { repository: app, digest, grace: hour })).toBe(true)
    const after = await store.findBlob({ repository: app, digest })
    expect(after?.confirmedAt).toBeGreaterThan(before?.confirmedAt ?? Number.POSITIVE_INFINITY)
    await store.change('unlinkBlob', { repository: app, digest })
    expect(await store.change('confirmBlob', { repository: app, digest, grace: hour })).toBe(false)
  })

  test('times are milliseconds since 1970 by the database’s clock', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    const found = await store.findBlob({ repository: app, digest })
    expect(Math.abs((found?.confirmedAt ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('the blobs are summed slice by slice', async () => {
    const store = await open()
    for (const [index, content] of ['a', 'b', 'c', 'd', 'e'].entries())
      await storeBlob(store, { content, size: 10 ** index })
    let [count, bytes, slices] = [0, 0, 0]
    for (let after: string | undefined = ''; after !== undefined; slices += 1) {
      const sum: Awaited<ReturnType<typeof store.sumBlobs>> = await store.sumBlobs({ after, limit: 2 })
      count += sum.count
      bytes += sum.bytes
      after = sum.last
    }
    expect({ count, bytes, slices }).toEqual({ count: 5, bytes: 11_111, slices: 3 })
    expect(await store.sumBlobs({ after: 'z', limit: 2 })).toEqual({ count: 0, bytes: 0, last: undefined })
  })
}
