import { expect, test } from 'bun:test'
import { app, deletion, hour, manifest, type OpenStore, refersTo } from './fixtures.ts'

/** What follows a deleted manifest, and what does not. */
export function dependentsContract(open: OpenStore): void {
  const now = { grace: 0, untagged: null }

  test('children and referrers follow what they depended on', async () => {
    const store = await open()
    const child = manifest('child')
    const index = manifest('index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
    const signature = manifest('signature', {
      subject: index.digest,
      references: [refersTo(index.digest, 'subject')],
    })
    for (const put of [child, index, signature]) await store.change('putManifest', put)
    await store.change('deleteManifest', { repository: app, digest: index.digest, ...deletion })
    for (const { digest } of [child, signature]) {
      expect((await store.judge({ repository: app, digest, ...now })).manifest).toEqual({ verdict: 'go' })
      expect(await store.change('collect', { repository: app, digest, ...now })).toMatchObject({
        manifests: 1,
      })
    }
  })

  test('an image outlives its signatures, tagged or not', async () => {
    const store = await open()
    const image = manifest('image')
    const signature = manifest('signature', {
      subject: image.digest,
      references: [refersTo(image.digest, 'subject')],
    })
    for (const put of [image, signature]) await store.change('putManifest', put)
    await store.change('deleteManifest', { repository: app, digest: signature.digest, ...deletion })
    await store.change('collect', { repository: app, digest: image.digest, ...now })
    expect(await store.findManifest({ repository: app, digest: image.digest })).toBeDefined()
  })

  test('an image that was pushed again after its parent went does not follow it', async () => {
    const store = await open()
    const child = manifest('child', { grace: hour })
    const index = manifest('index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
    for (const put of [child, index]) await store.change('putManifest', put)
    await store.change('deleteManifest', { repository: app, digest: index.digest, ...deletion })
    await store.change('putManifest', child)
    await store.change('collect', { repository: app, digest: child.digest, ...now })
    expect(await store.findManifest({ repository: app, digest: child.digest })).toBeDefined()
  })
}
