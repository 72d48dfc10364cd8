import { expect, test } from 'bun:test'
import type { ManifestPut } from '../changes/manifests.ts'
import type { MetadataStore } from '../metadata-store.ts'
import {
  app,
  deletion,
  failureOf,
  manifest,
  newId,
  type OpenStore,
  other,
  refersTo,
  tag,
  upload,
} from './fixtures.ts'

const limits = { tags: 3, referrers: 2, nesting: 3 }

export function limitsContract(open: OpenStore): void {
  openUploads(open)
  tags(open)
  referrers(open)
  nesting(open)
}

function openUploads(open: OpenStore): void {
  const opened = (store: MetadataStore, name: string, id = newId(), most = 2) =>
    store.change('openUpload', { ...upload(id), opener: { name, most } })

  test('one caller has only so many uploads open, in all repositories together', async () => {
    const store = await open()
    const first = newId()
    await opened(store, 'user:a', first)
    await store.change('openUpload', {
      ...upload(newId(), { repository: other }),
      opener: { name: 'user:a', most: 2 },
    })
    const refused = newId()
    expect(await failureOf(opened(store, 'user:a', refused))).toMatchObject({
      code: 'TOO_MANY_UPLOADS',
      detail: { setting: 'limits.open-uploads', limit: 2 },
    })
    expect(await store.findUpload({ id: refused, repository: app })).toBeUndefined()
    await opened(store, 'user:b')
    await store.change('openUpload', upload(newId()))
    await store.change('cancelUpload', { id: first, repository: app })
    await opened(store, 'user:a')
  })

  test('an upload that is opened twice under one id counts once', async () => {
    const store = await open()
    const id = newId()
    await opened(store, 'user:a', id, 1)
    await opened(store, 'user:a', id, 1)
  })
}

function tags(open: OpenStore): void {
  test('only so many tags point at one manifest, and those that do can be set again', async () => {
    const store = await open()
    const put = manifest('image', { limits })
    await store.change('putManifest', { ...put, tags: [tag('a'), tag('b'), tag('c')] })
    expect(await failureOf(store.change('putManifest', { ...put, tags: [tag('d')] }))).toMatchObject({
      code: 'LIMIT_REACHED',
      detail: { setting: 'limits.tags', limit: 3 },
    })
    expect(await store.findTagged({ repository: app, tag: tag('d') })).toBeUndefined()
    // Also where the limit was lowered since.
    await store.change('putManifest', { ...put, tags: [tag('a')], limits: { ...limits, tags: 1 } })
    await store.change('deleteTag', { ...deletion, repository: app, tag: tag('a') })
    await store.change('putManifest', { ...put, tags: [tag('d')] })
    await store.change('putManifest', { ...put, repository: other, tags: [tag('a')] })
  })

  test('many who tag one manifest at the same time do not pass its limit', async () => {
    const store = await open()
    const put = manifest('image', { limits })
    const names = Array.from({ length: 12 }, (_, index) => tag(`t${index}`))
    const outcomes = await Promise.allSettled(
      names.map((name) => store.change('putManifest', { ...put, tags: [name] })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    const set = await Promise.all(names.map((name) => store.findTagged({ repository: app, tag: name })))
    expect(set.filter((found) => found !== undefined)).toHaveLength(3)
  })
}

function referrers(open: OpenStore): void {
  const signature = (content: string, subject: ManifestPut, changed: Partial<ManifestPut> = {}) =>
    manifest(content, {
      subject: subject.digest,
      references: [refersTo(subject.digest, 'subject')],
      limits,
      ...changed,
    })

  test('only so many manifests refer to one subject, be it there or not, and each can be pushed again', async () => {
    const store = await open()
    const subject = manifest('subject')
    await store.change('putManifest', signature('one', subject))
    await store.change('putManifest', signature('two', subject))
    expect(await failureOf(store.change('putManifest', signature('three', subject)))).toMatchObject({
      code: 'LIMIT_REACHED',
      detail: { setting: 'limits.referrers', limit: 2 },
    })
    await store.change('putManifest', signature('one', subject))
    await store.change('putManifest', subject)
    await store.change('putManifest', signature('three', subject, { repository: other }))
    await store.change('putManifest', signature('three', manifest('another')))
    await store.change('deleteManifest', {
      ...deletion,
      repository: app,
      digest: signature('two', subject).digest,
    })
    await store.change('putManifest', signature('four', subject))
  })
}

function nesting(open: OpenStore): void {
  const index = (content: string, children: readonly ManifestPut[]) =>
    manifest(content, {
      kind: 'index',
      references: children.map(({ digest }) => refersTo(digest, 'child')),
      limits,
    })

  test('indexes lie only so deep one within the other, whichever end is pushed first', async () => {
    for (const sorted of [(list: ManifestPut[]) => list, (list: ManifestPut[]) => list.toReversed()]) {
      const store = await open()
      const image = manifest('image')
      const first = index('1', [image])
      const second = index('2', [image, first])
      const third = index('3', [second, first])
      const fourth = index('4', [image, third])
      const pushed = sorted([image, first, second, third, fourth])
      const outcomes = []
      for (const put of pushed) {
        const change = store.change('putManifest', put)
        outcomes.push(await change.then(() => 'taken').catch(({ code, detail }) => ({ code, ...detail })))
      }
      const refused = { code: 'MANIFEST_INVALID', setting: 'limits.nesting', limit: 3 }
      // Images are no level of their own: where the outermost came first, the innermost index is one too many.
      const last = outcomes.findIndex((outcome) => outcome !== 'taken')
      expect(outcomes.filter((outcome) => outcome !== 'taken')).toEqual([refused])
      expect(pushed[last]?.kind).toBe('index')
    }
  })

  test('the middle of a tree that is too deep is refused where both ends are there already', async () => {
    const store = await open()
    const image = manifest('image')
    const inner = index('inner', [image])
    const below = index('below', [inner])
    const middle = index('middle', [below])
    const outer = index('outer', [middle])
    for (const put of [image, inner, below, outer]) await store.change('putManifest', put)
    expect(await failureOf(store.change('putManifest', middle))).toMatchObject({ code: 'MANIFEST_INVALID' })
  })

  test('a lattice of indexes is looked through level by level, however many ways lead to its bottom', async () => {
    const store = await open()
    const width = 40
    let below = Array.from({ length: width }, (_, at) => manifest(`image ${at}`))
    await pushAll(store, below)
    for (let level = 1; level <= 4; level += 1) {
      below = Array.from({ length: width }, (_, at) => index(`${level} ${at}`, below))
      await pushAll(
        store,
        below.slice(1).map((put) => ({ ...put, limits: undefined })),
      )
      const first = below.slice(0, 1).map((put) => ({ ...put, limits: { ...limits, nesting: level } }))
      // 40⁴ ways: looked at one by one, this would take minutes.
      await pushAll(store, first)
    }
    const top = { ...index('top', below), limits: { ...limits, nesting: 4 } }
    expect(await failureOf(store.change('putManifest', top))).toMatchObject({ code: 'MANIFEST_INVALID' })
  }, 60_000)

  test('a tree with more entries than can be looked through in a moment is refused', async () => {
    const store = await open()
    const width = 320
    const images = Array.from({ length: width }, (_, at) => manifest(`image ${at}`))
    const inner = Array.from({ length: width }, (_, at) => ({
      ...index(`inner ${at}`, images),
      limits: undefined,
      missing: 'all' as const,
    }))
    await pushAll(store, inner)
    const started = performance.now()
    const outer = store.change('putManifest', index('outer', inner))
    expect(await failureOf(outer)).toMatchObject({
      code: 'MANIFEST_INVALID',
      detail: { setting: 'limits.nesting' },
    })
    expect(performance.now() - started).toBeLessThan(10_000)
  }, 120_000)
}

async function pushAll(store: MetadataStore, puts: readonly ManifestPut[]): Promise<void> {
  await Promise.all(puts.map((put) => store.change('putManifest', put)))
}
