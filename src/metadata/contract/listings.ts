import { expect, test } from 'bun:test'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { app, deletion, manifest, type OpenStore, tag } from './fixtures.ts'

export function listingsContract(open: OpenStore): void {
  test('tags come in bytewise order, page by page', async () => {
    const store = await open()
    const names = ['b', 'a', 'B', '_x', '1', 'a-b', 'a.b', 'aB', 'Z9']
    await store.change('putManifest', manifest('image', { tags: names.map(tag) }))
    const sorted = [...names].sort()
    const all = await store.listTags({ repository: app, limit: 100 })
    expect(all.map(String)).toEqual(sorted)
    const page = await store.listTags({ repository: app, after: sorted[2] ?? '', limit: 3 })
    expect(page.map(String)).toEqual(sorted.slice(3, 6))
    expect(await store.listTags({ repository: app, after: 'zzz', limit: 3 })).toEqual([])
    expect(await store.listTags({ repository: app, after: 'a/not.a-tag', limit: 1 })).toHaveLength(1)
    expect(await store.listTags({ repository: app, limit: 0 })).toEqual([])
  })

  test('a repository is listed from its first manifest to its last', async () => {
    const store = await open()
    const image = manifest('image')
    await store.change('putManifest', image)
    expect(await store.listRepositories({ limit: 10 })).toEqual([app])
    await store.change('deleteManifest', { repository: app, digest: image.digest, ...deletion })
    expect(await store.listRepositories({ limit: 10 })).toEqual([])
    expect(await store.repositoryExists(app)).toBe(false)
    await store.change('putManifest', image)
    expect(await store.listRepositories({ limit: 10 })).toEqual([app])
  })

  test('repositories come in bytewise order, page by page', async () => {
    const store = await open()
    const names = ['b', 'a/b', 'a-b', 'a', 'a.b', 'a_b', 'z/z'] as RepositoryName[]
    for (const repository of names) await store.change('putManifest', manifest('image', { repository }))
    const sorted = [...names].sort()
    expect(await store.listRepositories({ limit: 100 })).toEqual(sorted)
    expect(await store.listRepositories({ after: sorted[1] ?? '', limit: 2 })).toEqual(sorted.slice(2, 4))
  })

  test('a search finds names that hold the term, the exact name first', async () => {
    const store = await open()
    for (const repository of ['a/nginx', 'library/nginx', 'nginx', 'my_app', 'myxapp'] as RepositoryName[]) {
      await store.change('putManifest', manifest('image', { repository }))
    }
    const search = async (term: string, limit = 10) =>
      (await store.searchRepositories({ term, limit })).map(String)
    expect(await search('nginx')).toEqual(['library/nginx', 'nginx', 'a/nginx'])
    expect(await search('nginx', 1)).toHaveLength(1)
    expect(await search('y_a')).toEqual(['my_app'])
    expect(await search('100%')).toEqual([])
    expect(await search('')).toHaveLength(5)
    expect(await search('\0\u{d800}')).toEqual([])
  })

  test('says that it works', async () => {
    await (await open()).check()
  })
}
