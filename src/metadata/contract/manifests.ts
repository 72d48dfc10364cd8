import { expect, test } from 'bun:test'
import type { Digest } from '../../oci/digest.ts'
import type { ManifestReference } from '../../oci/manifest.ts'
import {
  app,
  deletion,
  digestFor,
  failureOf,
  hour,
  manifest,
  type OpenStore,
  other,
  refersTo,
  storeBlob,
  tag,
} from './fixtures.ts'

export function manifestsContract(open: OpenStore): void {
  test('gives back exactly the bytes and the type that were pushed', async () => {
    const store = await open()
    const bytes = new Uint8Array(256).map((_, index) => index)
    const image = manifest('x', {
      bytes,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      artifactType: 'a/b',
    })
    await store.change('putManifest', image)
    const found = await store.findManifest({ repository: app, digest: image.digest })
    expect(found).toMatchObject({ digest: image.digest, mediaType: image.mediaType, artifactType: 'a/b' })
    expect(new Uint8Array(found?.bytes ?? [])).toEqual(bytes)
    expect(await store.findManifest({ repository: other, digest: image.digest })).toBeUndefined()
  })

  test('manifest and tags become visible together or not at all', async () => {
    const store = await open()
    const image = manifest('broken', {
      references: [refersTo(digestFor('absent'))],
      tags: [tag('v1'), tag('v2')],
    })
    expect(await failureOf(store.change('putManifest', image))).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
      detail: { digest: digestFor('absent') },
    })
    expect(await store.findManifest({ repository: app, digest: image.digest })).toBeUndefined()
    expect(await store.findTagged({ repository: app, tag: tag('v1') })).toBeUndefined()
    expect(await store.repositoryExists(app)).toBe(false)
    expect(await store.listRepositories({ limit: 10 })).toEqual([])
  })

  const rules: [
    missing: 'none' | 'index' | 'all',
    kind: 'image' | 'index',
    role: ManifestReference['role'],
    ok: boolean,
  ][] = [
    ['none', 'image', 'layer', false],
    ['none', 'image', 'config', false],
    ['none', 'index', 'child', false],
    ['none', 'index', 'blob-child', false],
    ['none', 'image', 'subject', true],
    ['index', 'image', 'layer', false],
    ['index', 'index', 'child', true],
    ['index', 'index', 'blob-child', true],
    ['index', 'image', 'subject', true],
    ['all', 'image', 'layer', true],
    ['all', 'index', 'child', true],
  ]
  for (const [missing, kind, role, ok] of rules) {
    test(`with manifests.missing=${missing} an ${kind} whose ${role} is absent is ${ok ? 'accepted' : 'refused'}`, async () => {
      const store = await open()
      const put = manifest(`${missing}${kind}${role}`, {
        missing,
        kind,
        references: [refersTo(digestFor('absent'), role)],
      })
      const outcome = await store.change('putManifest', put).then(
        () => true,
        (error) => error.code,
      )
      expect(outcome).toBe(ok ? true : 'MANIFEST_BLOB_UNKNOWN')
    })
  }

  test('a blob of another repository does not count as held', async () => {
    const store = await open()
    const { digest } = await storeBlob(store, { repository: other })
    const put = store.change('putManifest', manifest('thief', { references: [refersTo(digest)] }))
    expect(await failureOf(put)).toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN' })
  })

  test('a foreign layer need not be here', async () => {
    const store = await open()
    const references = [{ digest: digestFor('elsewhere'), role: 'layer' as const, foreign: true }]
    await store.change('putManifest', manifest('windows', { references }))
    expect(await store.repositoryExists(app)).toBe(true)
  })

  test('takes a manifest with thousands of references', async () => {
    const store = await open()
    const digests: Digest[] = Array.from({ length: 2300 }, (_, index) => digestFor(`layer ${index}`))
    const references = digests.map((digest) => refersTo(digest))
    expect(await failureOf(store.change('putManifest', manifest('wide', { references })))).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
    const put = manifest('wide', { references, missing: 'all' })
    await store.change('putManifest', put)
    await store.change('putManifest', put)
    expect(await store.findManifest({ repository: app, digest: put.digest })).toBeDefined()
  })

  test('a child of a live index is not deleted, and the index is named', async () => {
    const store = await open()
    const child = manifest('child')
    await store.change('putManifest', child)
    const index = manifest('index', { kind: 'index', references: [refersTo(child.digest, 'child')] })
    await store.change('putManifest', index)
    const remove = (digest: Digest) =>
      store.change('deleteManifest', { repository: app, digest, ...deletion })
    expect(await failureOf(remove(child.digest))).toMatchObject({
      code: 'MANIFEST_IN_USE',
      detail: { usedBy: index.digest },
    })
    expect(await remove(index.digest)).toEqual([])
    expect(await remove(child.digest)).toEqual([])
    expect(await remove(child.digest)).toBeUndefined()
  })

  test('a subject can be deleted while a referrer stays', async () => {
    const store = await open()
    const image = manifest('image')
    await store.change('putManifest', image)
    const signature = manifest('signature', {
      subject: image.digest,
      references: [refersTo(image.digest, 'subject')],
    })
    await store.change('putManifest', signature)
    expect(
      await store.change('deleteManifest', {
        repository: app,
        digest: image.digest,
        ...deletion,
      }),
    ).toEqual([])
    expect(await store.listReferrers({ repository: app, subject: image.digest, limit: 10 })).toHaveLength(1)
  })

  test('lists referrers by digest, by type and page by page', async () => {
    const store = await open()
    const subject = digestFor('subject')
    const puts = ['a', 'b', 'c', 'd'].map((content, index) =>
      manifest(content, { subject, artifactType: index % 2 === 0 ? 'even/type' : 'odd/type' }),
    )
    for (const put of puts) await store.change('putManifest', put)
    const sorted = puts.map(({ digest }) => digest).sort()
    const all = await store.listReferrers({ repository: app, subject, limit: 10 })
    expect(all.map(({ digest }) => digest)).toEqual(sorted)
    const second = await store.listReferrers({ repository: app, subject, after: sorted[1] ?? '', limit: 1 })
    expect(second.map(({ digest }) => digest)).toEqual(sorted.slice(2, 3))
    const even = await store.listReferrers({ repository: app, subject, artifactType: 'even/type', limit: 10 })
    expect(even.map(({ artifactType }) => artifactType)).toEqual(['even/type', 'even/type'])
    expect(await store.listReferrers({ repository: other, subject, limit: 10 })).toEqual([])
  })

  test('confirming a manifest says what is there at that moment', async () => {
    const store = await open()
    const put = manifest('confirmed')
    const confirm = { repository: app, digest: put.digest, grace: hour }
    expect(await store.change('confirmManifest', confirm)).toBe(false)
    await store.change('putManifest', put)
    expect(await store.change('confirmManifest', confirm)).toBe(true)
  })

  test('manifests pushed at once from many sides are all there', async () => {
    const store = await open()
    const { digest } = await storeBlob(store)
    const puts = Array.from({ length: 60 }, (_, index) =>
      manifest(`image ${index}`, { references: [refersTo(digest)], tags: [tag(`t${index}`), tag('latest')] }),
    )
    await Promise.all(puts.map((put) => store.change('putManifest', put)))
    expect(await store.listTags({ repository: app, limit: 100 })).toHaveLength(61)
    expect(await store.findTagged({ repository: app, tag: tag('latest') })).toBeDefined()
  })
}
