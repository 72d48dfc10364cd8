import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { digestOf } from '../../src/oci/digest.ts'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { requireTargets } from '../support/migration.ts'
import { dropDatabase, makeDatabase, postgresServer } from '../support/postgres.ts'
import { blobUrl, openUpload, pushBlob } from '../support/push.ts'
import { bucketEnvironment, testBucket } from '../support/s3.ts'

const MiB = 1024 * 1024
const content = new Uint8Array(17 * MiB).map((_, index) => (index * 31 + (index >> 12)) % 251)

describe.skipIf(!requireTargets('replicas on PostgreSQL and S3'))('replicas on PostgreSQL and S3', () => {
  const replicas: RunningBerth[] = []
  let database = ''

  beforeAll(async () => {
    database = await makeDatabase(postgresServer ?? '')
    const env = {
      ...bucketEnvironment(await testBucket()),
      BERTH_METADATA_URL: database,
      BERTH_ACCESS_OPEN: 'true',
    }
    replicas.push(...(await Promise.all([startBerth({ env }), startBerth({ env })])))
  })

  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()))
    await dropDatabase(database)
  })

  /** The same address on the next replica, as behind a load balancer. */
  let asked = 0
  function next(location: string): string {
    asked += 1
    const url = new URL(location)
    const replica = new URL(replicas[asked % replicas.length]?.url ?? '')
    url.port = replica.port
    return url.href
  }

  const remote = (repository: string) => ({ url: next(replicas[0]?.url ?? ''), repository })

  function chunk(location: string, from: number, to: number): Promise<Response> {
    return fetch(next(location), {
      method: 'PATCH',
      body: content.subarray(from, to),
      headers: { 'Content-Range': `${from}-${to - 1}` },
    })
  }

  async function finish(location: string, digest: string, body: Uint8Array<ArrayBuffer> | null) {
    return fetch(next(`${location}?digest=${digest}`), { method: 'PUT', body })
  }

  test('an upload hops between replicas with each request, in small and large chunks', async () => {
    const location = await openUpload(remote('hops'))
    const cuts = [0, 1000, MiB, 8 * MiB, 8 * MiB + 3, 15 * MiB]
    for (const [index, from] of cuts.slice(0, -1).entries()) {
      const to = cuts[index + 1] ?? 0
      expect((await chunk(location, from, to)).status).toBe(202)
      expect((await fetch(next(location))).headers.get('range')).toBe(`0-${to - 1}`)
    }
    const digest = digestOf(content)
    expect((await finish(location, digest, content.subarray(15 * MiB))).status).toBe(201)
    for (const _ of replicas)
      expect(digestOf(await (await fetch(blobUrl(remote('hops'), digest))).bytes())).toBe(digest)
  }, 60_000)

  test('streamed requests hop too, and a wrong digest is found all the same', async () => {
    for (const digest of [digestOf(content), digestOf(content.subarray(1))]) {
      const location = await openUpload(remote('streams'))
      for (const [from, to] of [
        [0, 6 * MiB],
        [6 * MiB, 7 * MiB],
        [7 * MiB, content.length],
      ])
        expect(
          (await fetch(next(location), { method: 'PATCH', body: content.subarray(from, to) })).status,
        ).toBe(202)
      expect((await finish(location, digest, null)).status).toBe(digest === digestOf(content) ? 201 : 400)
    }
  }, 60_000)

  test('an upload that a killed replica had goes on from what was acknowledged', async () => {
    const location = await openUpload(remote('killed'))
    await chunk(location, 0, 6 * MiB)
    const [first] = replicas.splice(0, 1)
    await first?.stop('SIGKILL')
    expect((await chunk(location, 6 * MiB, content.length)).status).toBe(202)
    const digest = digestOf(content)
    expect((await finish(location, digest, null)).status).toBe(201)
    expect(digestOf(await (await fetch(blobUrl(remote('killed'), digest))).bytes())).toBe(digest)
    expect(await pushBlob(remote('killed'), content)).toBe(digest)
  }, 60_000)
})
