import { expect, test } from 'bun:test'
import type { ManifestPut } from '../changes/manifests.ts'
import { app, deletion, manifest, type OpenStore, refersTo } from './fixtures.ts'

/** A repository goes and comes back slice by slice, and what is there in between is whole. */
export function repositorySlicesContract(open: OpenStore): void {
  /** An index and its child, of which that one comes first in the order of digests, or last. */
  function family(childFirst: boolean): { index: ManifestPut; child: ManifestPut } {
    for (let attempt = 0; ; attempt += 1) {
      const child = manifest(`child ${attempt}`)
      const index = manifest('index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
      if (child.digest < index.digest === childFirst) return { index, child }
    }
  }

  for (const childFirst of [true, false]) {
    const order = childFirst ? 'before' : 'behind'
    test(`an index goes before its child and comes back after it, with a digest ${order} it`, async () => {
      const store = await open()
      const { index, child } = family(childFirst)
      for (const put of [child, index]) await store.change('putManifest', put)
      const there = async ({ digest }: ManifestPut) =>
        (await store.findManifest({ repository: app, digest })) !== undefined
      const slice = { ...deletion, repository: app, trash: 'slices', limit: 1 }
      expect(await store.change('deleteRepository', slice)).toMatchObject({ manifests: 1, more: true })
      expect([await there(index), await there(child)]).toEqual([false, true])
      while ((await store.change('deleteRepository', slice)).more);
      const restoration = { id: 'slices', repository: null, tag: null, caller: '', immutable: [], grace: 0 }
      expect(await store.change('restoreTrash', { ...restoration, limit: 1 })).toMatchObject({ more: true })
      expect([await there(index), await there(child)]).toEqual([false, true])
      while ((await store.change('restoreTrash', { ...restoration, limit: 1 })).more);
      expect([await there(index), await there(child)]).toEqual([true, true])
    })
  }
}
