import { describe, expect, test } from 'bun:test'
import { distributionProgram, startDistribution } from '../../support/distribution.ts'
import { pushImage, putManifest } from '../../support/push.ts'
import { type Received, startReceiver } from '../../support/receiver.ts'
import { addWebhook, startNotifying } from '../../support/webhooks.ts'

/** What a client does, and what of it is told. */
async function work(url: string): Promise<number> {
  const remote = { url, repository: 'team/app' }
  const { digest, manifest } = await pushImage(remote, { reference: 'v1', content: 'layer' })
  await putManifest(remote, '', manifest)
  const layer = JSON.parse(manifest).layers[0].digest
  const mount = `${url}/v2/team/other/blobs/uploads/?mount=${layer}&from=team/app`
  if ((await fetch(mount, { method: 'POST' })).status !== 201) throw new Error('it was not mounted')
  const accept = { Accept: 'application/vnd.oci.image.manifest.v1+json' }
  await (await fetch(`${url}/v2/team/app/manifests/v1`, { headers: accept })).bytes()
  const deleted = await fetch(`${url}/v2/team/app/manifests/${digest}`, { method: 'DELETE' })
  if (deleted.status !== 202) throw new Error('it was not deleted')
  // Two blobs, two manifests, a mount, a pull, and the deletion of a manifest with its tag.
  return 8
}

/** An event without what is another each time. */
function comparable({ event }: Received, host: string): object {
  const { id, timestamp, target, request, source, ...rest } = event
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  expect(Date.parse(timestamp)).toBeGreaterThan(Date.now() - 60_000)
  expect(request.addr).toMatch(/^127\.0\.0\.1(:\d+)?$/)
  expect(source.addr).toMatch(/^[\w.-]+:\d+$/)
  expect(source.instanceID).toMatch(/^[0-9a-f-]{36}$/)
  return {
    ...rest,
    target: { ...target, ...(target.url && { url: target.url.replace(host, 'HOST') }) },
    request: { ...request, id: typeof request.id, addr: 'some', host: request.host.replace(host, 'HOST') },
    source: Object.keys(source),
  }
}

/** Distribution 2 leaves out what is empty, and distribution 3 has it there: to a reader in Go both are the same. */
function withoutEmpty(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each) => (each === '' || each === 0 ? undefined : each)))
}

describe.each(['registry', 'docker-registry'] as const)('what distribution (%s) tells', (name) => {
  const program = distributionProgram(name)
  test.skipIf(program === undefined)('is told by a webhook in the same fields', async () => {
    await using theirs = startReceiver()
    await using ours = startReceiver()
    const distribution = await startDistribution(program ?? '', { notified: theirs.url })
    const berth = await startNotifying()
    try {
      const mediaType = name === 'registry' ? 'v2' : 'v1'
      const actions = ['push', 'pull', 'mount', 'delete']
      await addWebhook(berth, { url: ours.url, blobs: true, actions, mediaType })
      // A process hears within a second that somebody wants to know of pulls.
      await Bun.sleep(3000)
      const count = await work(distribution.url)
      await work(berth.url)
      await Promise.all([theirs.until(count), ours.until(count)])
      const of = (received: readonly Received[], { port }: { port: number }) =>
        received
          .map((one) => comparable(one, `127.0.0.1:${port}`))
          .map((event) => (name === 'registry' ? event : withoutEmpty(event)))
          .map((event) => JSON.stringify(sorted(event)))
          .sort()
      expect(of(ours.received, berth)).toEqual(of(theirs.received, distribution))
      const type = (received: readonly Received[]) => received[0]?.headers.get('content-type')
      expect(type(ours.received)).toBe(type(theirs.received) as string)
    } finally {
      await distribution.stop()
      await berth.stop()
    }
  })
})

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}
