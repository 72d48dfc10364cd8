import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText, digests, repositoryNames, tags } from '../../../test/support/grammar.ts'
import { match } from './match.ts'

const routeWords = ['manifests', 'blobs', 'tags', 'uploads', 'list', 'referrers', '_catalog']
const references = fc.oneof(tags, digests, fc.constantFrom(...routeWords))
/** Names made of nothing but words of the routes: the hardest there are. */
const confusingNames = fc
  .array(fc.constantFrom('manifests', 'blobs', 'tags', 'uploads', 'list', 'referrers', 'v2'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((components) => components.join('/'))
const names = fc.oneof(repositoryNames, confusingNames)
const ids = fc.oneof(fc.uuid(), fc.constantFrom(...routeWords))

describe('a path leads back to the name and the reference that it was built from', () => {
  test('for a manifest', () => {
    fc.assert(
      fc.property(names, references, (name, reference) =>
        expect(match(`/v2/${name}/manifests/${reference}`)).toEqual({ route: 'manifest', name, reference }),
      ),
      { numRuns: 1000 },
    )
  })

  test('for a blob', () => {
    fc.assert(
      fc.property(names, digests, (name, digest) =>
        expect(match(`/v2/${name}/blobs/${digest}`)).toEqual({ route: 'blob', name, digest }),
      ),
      { numRuns: 1000 },
    )
  })

  test('for the uploads of a repository, with and without the slash at the end', () => {
    fc.assert(
      fc.property(names, fc.constantFrom('', '/'), (name, end) =>
        expect(match(`/v2/${name}/blobs/uploads${end}`)).toEqual({ route: 'uploads', name }),
      ),
      { numRuns: 1000 },
    )
  })

  test('for one upload', () => {
    fc.assert(
      fc.property(names, ids, (name, id) =>
        expect(match(`/v2/${name}/blobs/uploads/${id}`)).toEqual({ route: 'upload', name, id }),
      ),
      { numRuns: 1000 },
    )
  })

  test('for the list of tags', () => {
    fc.assert(
      fc.property(names, (name) => expect(match(`/v2/${name}/tags/list`)).toEqual({ route: 'tags', name })),
      { numRuns: 1000 },
    )
  })

  test('for referrers', () => {
    fc.assert(
      fc.property(names, digests, (name, digest) =>
        expect(match(`/v2/${name}/referrers/${digest}`)).toEqual({ route: 'referrers', name, digest }),
      ),
      { numRuns: 1000 },
    )
  })
})

test.each(['/v2', '/v2/'])('%p is the base', (path) => {
  expect(match(path)).toEqual({ route: 'base' })
})

test('the catalog has a path that no repository can have', () => {
  expect(match('/v2/_catalog')).toEqual({ route: 'catalog' })
})

test.each([
  '',
  '/',
  '/v1/_ping',
  '/v2x/a/tags/list',
  '/v2/a',
  '/v2//manifests/latest',
  '/v2/manifests/latest',
  '/v2/tags/list',
  '/v2/blobs/uploads/',
  '/v2/blobs/uploads/id',
  '/v2//blobs/uploads/id',
  '/v2/a/tags/other',
  '/v2/a/uploads/id',
  '/v2/a/manifests/latest/',
  '/v2/a/_catalog',
  '/V2/a/tags/list',
])('%p leads nowhere', (path) => {
  expect(match(path)).toBeUndefined()
})

test('what is encoded is not decoded: a slash that is hidden separates nothing', () => {
  expect(match('/v2/a%2fb/manifests/latest')).toEqual({
    route: 'manifest',
    name: 'a%2fb',
    reference: 'latest',
  })
  expect(match('/v2/a/manifests/..%2f..%2fblobs')).toMatchObject({ reference: '..%2f..%2fblobs' })
})

test('no path throws, and a reference never holds a slash', () => {
  const almostPaths = fc
    .array(fc.constantFrom('v2', 'a', 'blobs', 'uploads', 'manifests', '', '..', '%2f'), { maxLength: 8 })
    .map((parts) => `/v2/${parts.join('/')}`)
  fc.assert(
    fc.property(fc.oneof(almostPaths, anyText), (path) => {
      const found: Record<string, string> = match(path) ?? { route: 'none' }
      const last = found.reference ?? found.digest ?? found.id ?? ''
      expect(last).not.toContain('/')
      expect(found.name).not.toBe('')
    }),
    { numRuns: 2000 },
  )
})
