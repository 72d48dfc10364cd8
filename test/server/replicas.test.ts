import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import {
  administer,
  dropDatabase,
  makeDatabase,
  postgresServer,
  requirePostgres,
} from '../support/postgres.ts'
import { blobUrl, bytesOf, manifestUrl, pushBlob, pushImage, putManifest } from '../support/push.ts'

const bin = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

describe.skipIf(!requirePostgres('what one server sees of another'))('what one server was told', () => {
  let database: string
  let data: string
  let env: Record<string, string>
  let one: RunningBerth
  let two: RunningBerth

  beforeAll(async () => {
    database = await makeDatabase(postgresServer ?? '')
    data = await temporaryDirectory()
    env = {
      BERTH_METADATA_URL: database,
      BERTH_ACCESS_OPEN: 'true',
    }
    const servers = await Promise.all([startBerth({ data, env }), startBerth({ data, env })])
    one = servers[0]
    two = servers[1]
  })
  afterAll(async () => {
    for (const server of [one, two]) await server?.stop()
    await dropDatabase(database)
  })

  const at = ({ url }: RunningBerth, repository = 'seen') => ({ url, repository })
  const statusOf = async (url: string, method = 'GET') => (await fetch(url, { method })).status
  const json = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>

  test('of tags, manifests and referrers the other knows on the next request, again and again', async () => {
    for (let round = 0; round < 25; round += 1) {
      const [here, there] = round % 2 === 0 ? [one, two] : [two, one]
      const image = await pushImage(at(here), { reference: 'moving', content: `layer ${round}` })
      const pulled = await fetch(manifestUrl(at(there), 'moving'))
      expect(pulled.headers.get('docker-content-digest')).toBe(image.digest)
      expect(await statusOf(manifestUrl(at(there), image.digest), 'HEAD')).toBe(200)
      const subject = {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: image.digest,
        size: 1,
      }
      const referrer = { ...JSON.parse(image.manifest), subject, artifactType: 'application/x.test' }
      const signature = await putManifest(at(here), '', JSON.stringify(referrer))
      const { manifests } = await json(`${there.url}/v2/seen/referrers/${image.digest}`)
      expect(manifests).toMatchObject([{ digest: signature }])
      expect(await statusOf(manifestUrl(at(there), 'moving'), 'DELETE')).toBe(202)
      expect(await statusOf(manifestUrl(at(here), 'moving'))).toBe(404)
      expect(await statusOf(manifestUrl(at(here), image.digest), 'DELETE')).toBe(202)
      expect(await statusOf(manifestUrl(at(there), image.digest))).toBe(404)
    }
  })

  test('of a blob that it has in memory the other no longer tells once it is deleted', async () => {
    const content = bytesOf('a small blob that is pulled often')
    const digest = await pushBlob(at(one), content)
    for (let pull = 0; pull < 5; pull += 1) expect(await statusOf(blobUrl(at(two), digest))).toBe(200)
    expect(await statusOf(blobUrl(at(one), digest), 'DELETE')).toBe(202)
    expect(await statusOf(blobUrl(at(two), digest))).toBe(404)
    expect(await statusOf(blobUrl(at(two), digest), 'HEAD')).toBe(404)
    await pushBlob(at(two), content)
    expect(await statusOf(blobUrl(at(one), digest))).toBe(200)
  })

  test('of damage that one found the other answers 404, and a push to either heals it for both', async () => {
    const content = bytesOf('a blob that rots')
    const digest = await pushBlob(at(one, 'rotten'), content)
    for (let pull = 0; pull < 5; pull += 1)
      expect(await statusOf(blobUrl(at(two, 'rotten'), digest))).toBe(200)
    const directory = join(data, 'blobs/sha256', digest.slice(7, 9))
    for (const name of await readdir(directory))
      if (name.startsWith(digest.slice(7))) await writeFile(join(directory, name), 'x'.repeat(content.length))
    const verified = await attempt(bin, ['verify', '--data', data], { env })
    expect(verified.exitCode).toBe(1)
    for (const server of [one, two]) expect(await statusOf(blobUrl(at(server, 'rotten'), digest))).toBe(404)
    await pushBlob(at(two, 'rotten'), content)
    const healed = await fetch(blobUrl(at(one, 'rotten'), digest))
    expect<string>(digestOf(await healed.bytes())).toBe(digest)
  })

  test('of deleted and restored repositories, listings and search the other knows at once', async () => {
    await pushImage(at(one, 'gone/soon'), { reference: 'v1' })
    expect((await json(`${two.url}/v2/_catalog`)).repositories).toContain('gone/soon')
    expect((await json(`${two.url}/v1/search?q=soon`)).num_results).toBe(1)
    const deleted = await fetch(`${one.url}/api/v1/repositories/${encodeURIComponent('gone/soon')}`, {
      method: 'DELETE',
    })
    expect(deleted.status).toBe(200)
    const { trash } = (await deleted.json()) as { trash: string }
    expect((await json(`${two.url}/v2/_catalog`)).repositories).not.toContain('gone/soon')
    expect(await statusOf(`${two.url}/v2/gone/soon/tags/list`)).toBe(404)
    const restored = await fetch(`${two.url}/api/v1/trash/${trash}/restore`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    })
    expect(restored.status).toBe(200)
    expect((await json(`${one.url}/v2/gone/soon/tags/list`)).tags).toEqual(['v1'])
  })

  test('of the switch to read-only every server knows on the next request', async () => {
    const turn = (server: RunningBerth, readOnly: boolean) =>
      fetch(`${server.url}/api/v1/read-only`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ readOnly }),
      })
    expect((await turn(one, true)).status).toBe(200)
    expect(await statusOf(`${two.url}/v2/seen/blobs/uploads/`, 'POST')).toBe(503)
    expect((await turn(two, false)).status).toBe(200)
    expect(await statusOf(`${one.url}/v2/seen/blobs/uploads/`, 'POST')).toBe(202)
  })

  test('of pulls each writes down its own, when it stops at the latest', async () => {
    const image = await pushImage(at(one, 'pulled'), { reference: 'v1', content: 'pulled' })
    const third = await startBerth({ data, env })
    expect(await statusOf(manifestUrl(at(third, 'pulled'), 'v1'))).toBe(200)
    await third.stop()
    const rows = await administer<{ digest: string }>(
      database,
      `select digest from pulls where repository = 'pulled'`,
    )
    expect(rows).toEqual([{ digest: image.digest }])
  })

  test('to look whether it is ready at the same time as others fails for none', async () => {
    const looks = Array.from({ length: 200 }, (_, index) =>
      statusOf(`${(index % 2 === 0 ? one : two).url}/readyz`),
    )
    expect(new Set(await Promise.all(looks))).toEqual(new Set([200]))
  })
})
