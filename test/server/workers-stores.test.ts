import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { digestOf } from '../../src/oci/digest.ts'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import {
  administer,
  dropDatabase,
  lackingPostgres,
  makeDatabase,
  postgresServer,
} from '../support/postgres.ts'
import { blobUrl, bytesOf, manifestUrl, openUpload, pushImage, putManifest } from '../support/push.ts'
import { requireHere } from '../support/require.ts'
import { bucketEnvironment, lackingS3, testBucket } from '../support/s3.ts'
import { type Connection, connectionsToTwo, workersOf } from '../support/workers.ts'

interface Kept {
  readonly where: string
  readonly inPostgres: boolean
  readonly inBucket: boolean
}

const kept: readonly Kept[] = [
  { where: 'PostgreSQL and a directory', inPostgres: true, inBucket: false },
  { where: 'PostgreSQL and a bucket', inPostgres: true, inBucket: true },
  { where: 'SQLite and a bucket', inPostgres: false, inBucket: true },
]
const possible = kept.filter(({ where, inPostgres, inBucket }) =>
  requireHere(`workers on ${where}`, [
    ...(inPostgres ? lackingPostgres() : []),
    ...(inBucket ? lackingS3() : []),
  ]),
)

/** A request over a connection of its own, which any worker may get. */
const anew = (url: string, init: RequestInit = {}) => fetch(url, { ...init, keepalive: false })

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await holds()) return
    await Bun.sleep(25)
  }
  throw new Error('it did not come')
}

function send(connection: Connection, head: string, content: string): Promise<{ status: number }> {
  connection.send(`${head} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}\r\n\r\n${content}`)
  return connection.answer()
}

describe.skipIf(possible.length === 0).each(possible.length > 0 ? [...possible] : [...kept])(
  'two workers on $where',
  ({ inPostgres, inBucket }) => {
    let database: string | undefined
    let berth: RunningBerth

    beforeAll(async () => {
      database = inPostgres ? await makeDatabase(postgresServer ?? '') : undefined
      berth = await startBerth({
        env: {
          ...(inBucket ? bucketEnvironment(await testBucket()) : {}),
          ...(database === undefined ? { BERTH_METADATA_URL: '' } : { BERTH_METADATA_URL: database }),
          BERTH_METADATA_POOL: '4',
          BERTH_ACCESS_OPEN: 'true',
          BERTH_WORKERS: '2',
          BERTH_LOG_FORMAT: 'json',
        },
      })
    })

    afterAll(async () => {
      expect(await berth.stop()).toBe(0)
      if (database !== undefined) await dropDatabase(database)
    })

    const remote = (repository: string) => ({ url: berth.url, repository })

    test('what one acknowledged the other has at once', async () => {
      const stale: string[] = []
      const client = async (name: string) => {
        const images: { digest: string; manifest: string }[] = []
        for (const content of ['one', 'two'])
          images.push(await pushImage(remote(name), { reference: content, content }))
        for (let round = 0; round < 10; round += 1) {
          const image = images[round % 2]
          await putManifest(remote(name), 'moved', image?.manifest ?? '')
          const seen = (await anew(manifestUrl(remote(name), 'moved'))).headers.get('docker-content-digest')
          if (seen !== image?.digest) stale.push(`${name} ${round}: ${seen}`)
        }
        for (const { manifest } of images)
          for (const { digest } of JSON.parse(manifest).layers)
            expect(digestOf(await (await anew(blobUrl(remote(name), digest))).bytes())).toBe(digest)
      }
      await Promise.all(Array.from({ length: 4 }, (_, index) => client(`shared${index}`)))
      expect(stale).toEqual([])
    }, 60_000)

    test('an upload hops from one to the other with each of its requests', async () => {
      const connections = await connectionsToTwo(berth)
      const { pathname } = new URL(await openUpload(remote('hops')))
      const pieces = ['one, ', 'two, ', 'three, ', 'four']
      for (const [index, piece] of pieces.entries()) {
        const connection = connections[index % 2] ?? connections[0]
        expect((await send(connection, `PATCH ${pathname}`, piece)).status).toBe(202)
      }
      const digest = digestOf(bytesOf(pieces.join('')))
      const closed = await send(connections[0], `PUT ${pathname}?digest=${digest}`, '')
      expect(closed.status).toBe(201)
      for (const connection of connections) {
        connection.send(`GET /v2/hops/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`)
        expect(await connection.answer()).toEqual({ status: 200, body: 'one, two, three, four' })
        connection.close()
      }
    }, 60_000)

    test('one scrape tells of both, and of the owner', async () => {
      for (const connection of await connectionsToTwo(berth)) {
        for (let count = 0; count < 5; count += 1)
          expect((await send(connection, 'GET /v2/counted/manifests/never', '')).status).toBe(404)
        connection.close()
      }
      const metrics = await (await anew(`${berth.url}/metrics`)).text()
      expect(metrics).toContain('berth_http_requests_total{route="manifest",method="GET",status="404"} 10')
      expect(metrics).toContain('berth_gc_runs_total ')
    }, 60_000)

    test('one that is killed is started again, and its connections to PostgreSQL end', async () => {
      const before = await workersOf(berth)
      expect(before).toHaveLength(2)
      const { digest } = await pushImage(remote('killed'), { content: 'before' })
      process.kill(before[0] ?? 0, 'SIGKILL')
      await until(async () => {
        const now = await workersOf(berth)
        if (now.length !== 2 || now.includes(before[0] ?? 0)) return false
        const ready = (await (await anew(`${berth.url}/readyz`)).json()) as { warnings?: object }
        return ready.warnings === undefined
      })
      for (let count = 0; count < 8; count += 1) {
        const answer = await anew(manifestUrl(remote('killed'), 'latest'))
        expect(answer.headers.get('docker-content-digest')).toBe(digest)
      }
      await pushImage(remote('killed'), { reference: 'after', content: 'after' })
      if (database !== undefined) {
        const name = new URL(database).pathname.slice(1)
        const connected = await administer<{ count: string }>(
          postgresServer ?? '',
          `select count(*) from pg_stat_activity where datname = '${name}'`,
        )
        // Those of two workers and their owner: a pool of four each.
        expect(Number(connected[0]?.count)).toBeWithin(1, 13)
      }
    }, 60_000)
  },
)
