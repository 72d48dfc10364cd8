import { describe, expect, test } from 'bun:test'
import { app, deletion, hour, manifest, type OpenStore, other, refersTo, storeBlob } from './fixtures.ts'

import { foreign, plain, push, usage } from './usage-fixtures.ts'

export function usageContract(open: OpenStore): void {
  describe('usage', () => {
    test('counts a digest once in a namespace, whoever holds it there', async () => {
      const store = await open()
      const { size } = await push(store, 'image')
      await push(store, 'image', other)
      await push(store, 'image', foreign)
      await push(store, 'image', plain)
      expect(await usage(store)).toEqual({ bytes: size, reserved: 0, repositories: 2, trash: 0 })
      expect(await usage(store, 'others')).toMatchObject({ bytes: size, repositories: 1 })
      expect(await usage(store, 'library')).toMatchObject({ bytes: size, repositories: 1 })
    })

    test('counts what lies in the trash, tells how much, and counts no more what was emptied', async () => {
      const store = await open()
      const { digest, size } = await push(store, 'image')
      await store.change('deleteManifest', { ...deletion, repository: app, digest, trash: 'bin' })
      expect(await usage(store)).toEqual({ bytes: size, reserved: 0, repositories: 0, trash: size })
      while (await store.change('emptyTrash', { id: 'bin', limit: 1 }));
      expect(await usage(store)).toEqual({ bytes: 0, reserved: 0, repositories: 0, trash: 0 })
    })

    test('what is deleted for good costs nothing at once, and something again where it is used', async () => {
      const store = await open()
      const { digest, layer, size } = await push(store, 'image')
      await store.change('deleteManifest', { ...deletion, repository: app, digest })
      expect(await usage(store)).toMatchObject({ bytes: 0 })
      // Its grace is not over.
      expect(await store.findBlob({ repository: app, digest: layer })).toBeDefined()
      await store.change('putManifest', manifest('image', { references: [refersTo(layer)] }))
      expect(await usage(store)).toMatchObject({ bytes: size, repositories: 1 })
    })

    test('what another image needs still counts', async () => {
      const store = await open()
      const { digest, layer } = await push(store, 'image')
      const second = manifest('second', { references: [refersTo(layer)] })
      await store.change('putManifest', second)
      await store.change('deleteManifest', { ...deletion, repository: app, digest })
      expect(await usage(store)).toMatchObject({ bytes: 100 + second.bytes.length })
    })

    test('is as before when a deletion is taken back', async () => {
      const store = await open()
      const { digest } = await push(store, 'image')
      const before = await usage(store)
      await store.change('deleteManifest', { ...deletion, repository: app, digest, trash: 'bin' })
      const back = { id: 'bin', repository: null, tag: null, caller: 'tester', immutable: [] }
      await store.change('restoreTrash', { ...back, grace: hour, limit: 10 })
      expect(await usage(store)).toEqual(before)
      expect(await store.listMiscounted()).toEqual([])
    })

    test('a blob that a client takes out of a repository counts no more', async () => {
      const store = await open()
      const { digest } = await storeBlob(store)
      expect(await usage(store)).toMatchObject({ bytes: 100 })
      await store.change('unlinkBlob', { repository: app, digest })
      expect(await usage(store)).toMatchObject({ bytes: 0 })
    })
  })
}
