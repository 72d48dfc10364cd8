import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { distributionRoutes } from '../../../src/http/distribution/routes.ts'
import { type ServedRegistry, serveRegistry } from '../../support/served-registry.ts'

const digest = `sha256:${'0'.repeat(64)}`

/** A path for each route of the distribution API. */
const paths: Record<keyof typeof distributionRoutes, string> = {
  base: '/v2/',
  catalog: '/v2/_catalog',
  tags: '/v2/team/app/tags/list',
  manifest: '/v2/team/app/manifests/latest',
  blob: `/v2/team/app/blobs/${digest}`,
  uploads: '/v2/team/app/blobs/uploads/',
  upload: '/v2/team/app/blobs/uploads/some-id',
  referrers: `/v2/team/app/referrers/${digest}`,
}

/** Paths that the dispatcher knows by name, as its source has them: a new one is found without being listed here. */
async function plainPaths(): Promise<string[]> {
  const source = await Bun.file(join(import.meta.dir, '../../../src/http/dispatch.ts')).text()
  return [...source.matchAll(/case '(\/[^']*)'/g)].map(([, path = '']) => path)
}

let shut: ServedRegistry
beforeAll(async () => {
  shut = await serveRegistry({
    decide: () => ({ allow: false, reason: 'nobody may do anything', because: 'no-right' }),
  })
})
afterAll(() => shut[Symbol.asyncDispose]())

async function answerOf(method: string, path: string): Promise<{ status: number; asked: string[] }> {
  shut.asked()
  const response = await fetch(shut.url + path, { method })
  await response.bytes()
  return { status: response.status, asked: shut.asked().map(({ action }) => action) }
}

test('no route of the distribution API answers without a decision', async () => {
  for (const [route, verbs] of Object.entries(distributionRoutes)) {
    for (const [method, { action }] of Object.entries(verbs)) {
      const { status, asked } = await answerOf(method, paths[route as keyof typeof paths])
      expect([403, 404]).toContain(status)
      expect(asked).toEqual([action])
    }
  }
})

test('no other route does either', async () => {
  const found = await plainPaths()
  expect(found).toContain('/metrics')
  expect(found.length).toBeGreaterThan(5)
  for (const path of found) {
    const { status, asked } = await answerOf('GET', path)
    expect({ path, status }).toEqual({ path, status: 403 })
    expect(asked).toHaveLength(1)
  }
})
