import { expect, test } from 'bun:test'
import { app, deletion, failureOf, hour, manifest, type OpenStore, refersTo, storeBlob } from './fixtures.ts'

/** A deletion that is being forgotten slice by slice. */
export function trashEmptyingContract(open: OpenStore): void {
  async function halfEmptied() {
    const store = await open()
    const layers = [await storeBlob(store, { content: 'one' }), await storeBlob(store, { content: 'two' })]
    const image = manifest('image', { references: layers.map(({ digest }) => refersTo(digest)) })
    await store.change('putManifest', image)
    const trash = 'half-emptied'
    await store.change('deleteManifest', { repository: app, digest: image.digest, ...deletion, trash })
    expect(await store.change('emptyTrash', { id: trash, limit: 1 })).toBe(true)
    return { store, trash }
  }

  test('can’t be taken back: half of an image is none', async () => {
    const { store, trash } = await halfEmptied()
    const restoration = {
      id: trash,
      repository: null,
      tag: null,
      caller: '',
      immutable: [],
      grace: 0,
      limit: 10,
    }
    expect(await failureOf(store.change('restoreTrash', restoration))).toMatchObject({
      code: 'TRASH_UNKNOWN',
    })
    expect(await store.listTrash({ limit: 10 })).toEqual([])
    expect(await store.listTrash({ repository: app, limit: 10 })).toEqual([])
  })

  test('is forgotten in one transaction where it is small', async () => {
    const { store, trash } = await halfEmptied()
    expect(await store.change('emptyTrash', { id: trash, limit: 3 })).toBe(false)
    expect(await store.listExpiredTrash({ age: hour, limit: 10 })).toEqual([])
  })

  test('is due for the collector whatever its age, so that a crash leaves nothing', async () => {
    const { store, trash } = await halfEmptied()
    expect(await store.listExpiredTrash({ age: hour, limit: 10 })).toEqual([trash])
    while (await store.change('emptyTrash', { id: trash, limit: 1 }));
    expect(await store.listExpiredTrash({ age: hour, limit: 10 })).toEqual([])
  })
}
