import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { RepositoryName } from '../../../src/oci/repository-name.ts'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import { pushImage } from '../../support/push.ts'

/** Names that look like another's, and are none of his: whoever comes with them gets nothing of it. */

let closed: ClosedRegistry
let url: string

beforeAll(async () => {
  closed = await startClosedRegistry({ args: ['--log-level', 'error'] })
  url = closed.url
  await pushImage({ url, repository: 'library/image', authorization: basic(closed.root) })
  const repository = 'library/image' as RepositoryName
  await closed.metadata.change('setVisibility', { repository, visibility: 'public' })
})

afterAll(() => closed[Symbol.asyncDispose]())

async function status(authorization: string, path: string, method = 'GET'): Promise<number> {
  const answer = await as(authorization, `${url}/v2/${path}`, { method })
  await answer.bytes()
  return answer.status
}

const likeAlice = [
  'ALICE/private',
  'Alice/private',
  'alice%2Fprivate',
  'alice/private%00',
  'alice//private',
  'alice/./%70rivate',
  '%61lice/private',
  'al%C4%B1ce/private',
  '%D0%B0lice/private',
  '%EF%BD%81lice/private',
  'alice/private%20',
  'alice%5Cprivate',
]

describe.each(likeAlice)('%s', (name) => {
  test('is no name of a repository, to read or to write', async () => {
    for (const who of [closed.alice, closed.bob]) {
      expect(await status(basic(who), `${name}/manifests/latest`)).toBe(400)
      expect(await status(basic(who), `${name}/blobs/uploads/`, 'POST')).toBe(400)
    }
  })

  test('buys no token and mounts nothing', async () => {
    const scope = `repository:${decodeURIComponent(name)}:pull,push`
    const token = bearer(await closed.token(basic(closed.bob), scope))
    expect(await status(token, 'alice/private/manifests/latest')).toBe(404)
    expect(await status(token, 'alice/private/blobs/uploads/', 'POST')).toBe(403)
  })
})

test('dots lead to the repository that they name, and its rights count', async () => {
  const raw = (path: string) => `bob/private/../../${path}`
  expect(await status(basic(closed.bob), raw('alice/private/manifests/latest'))).toBe(404)
  expect(await status(basic(closed.bob), raw('alice/private/blobs/uploads/'), 'POST')).toBe(403)
})

test('a name signs in as it is written', async () => {
  for (const name of ['Alice', 'ALICE', ' alice', 'alice ', 'alice\u0000', 'аlice', 'ａlice', 'alice+x'])
    expect(await status(basic({ ...closed.alice, name }), '')).toBe(401)
})

test('an official image and the one of the short name are two, and neither is for users to push', async () => {
  expect(await status(basic(closed.bob), 'library/image/manifests/latest')).toBe(200)
  expect(await status(basic(closed.bob), 'image/manifests/latest')).toBe(404)
  for (const name of ['image', 'library/image', 'library/other', 'library', 'library/library/image'])
    expect(await status(basic(closed.bob), `${name}/blobs/uploads/`, 'POST')).toBe(403)
  const token = bearer(await closed.token(basic(closed.root), 'repository:library/image:pull'))
  expect(await status(token, 'library/image/manifests/latest')).toBe(200)
  expect(await status(token, 'image/manifests/latest')).toBe(401)
})
