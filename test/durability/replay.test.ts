import { beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import { blobOf, type Blob as Content, LayerPool, type Manifest, newImage } from './load/content.ts'
import { pushBlob } from './load/push-blob.ts'
import { Random, seedOf } from './load/random.ts'
import { ask } from './load/requests.ts'
import { startServer } from './server.ts'
import { before, type Call, isSync } from './trace/calls.ts'
import { Disk, type Luck } from './trace/disk.ts'
import { canTrace, startTracedServer } from './trace/traced-server.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
const images = 8

/** What the disk may have kept besides what was synced. */
const lucks: Readonly<Record<string, (random: Random) => Luck>> = {
  'nothing more': () => ({ data: () => false, name: () => false }),
  'names without their bytes': () => ({ data: () => false, name: () => true }),
  'bytes without their names': () => ({ data: () => true, name: () => false }),
  'some of both': (random) => ({ data: () => random.chance(0.5), name: () => random.chance(0.5) }),
}

/** So many instants each, of those at which something became durable or was answered. */
const instants = 5

describe.skipIf(!(await canTrace()))('the disk after a power cut at any instant', () => {
  let root: string
  let calls: readonly Call[]
  const pushed: Manifest[] = []

  beforeAll(async () => {
    root = await temporaryDirectory()
    // Whole strings: what was written is replayed.
    const traced = await startTracedServer(join(root, 'new/data'), {
      longest: 1_000_000,
      env: { BERTH_GC_INTERVAL: '200ms', BERTH_GC_GRACE: '1h', BERTH_GC_KEEP_OBJECTS: '0s' },
    })
    const random = new Random(seed)
    const pool = new LayerPool({ seed, layers: 6, largest: 40_000 })
    for (let number = 0; number < images; number += 1) {
      const layers = Array.from({ length: random.between(1, 3) }, () => pool.pick(random))
      pushed.push(
        await pushTagged(traced.server.url, newImage({ name: `replayed ${number}`, layers }), random),
      )
    }
    calls = await traced.calls()
  }, 60_000)

  test.each(Object.entries(lucks))(
    'has every acknowledged image, with %s',
    async (_, luckOf) => {
      const random = new Random(seed)
      for (let count = 0; count < instants; count += 1) {
        const instant = pickInstant(random)
        const data = await restore(instant, luckOf(random))
        expect([instant.args.slice(0, 120), await lost(data, instant)]).toEqual([
          instant.args.slice(0, 120),
          [],
        ])
      }
    },
    120_000,
  )

  test('has lost everything before the first sync, so that the replay is none of the running disk', () => {
    const disk = new Disk(root)
    for (const call of calls.slice(0, calls.findIndex(isSync))) disk.apply(call)
    expect(disk.left({ data: () => true, name: () => false }).size).toBe(0)
  })

  /** After a sync, or when an answer was sent: between these nothing becomes durable that was not before. */
  function pickInstant(random: Random): Call {
    const instant = random.pick(calls.filter((call) => isSync(call) || isCreated(call)))
    if (!instant) throw new Error('the trace is empty')
    return instant
  }

  /** @returns the data directory that a power cut at this instant would leave */
  async function restore(instant: Call, luck: Luck): Promise<string> {
    const disk = new Disk(root)
    for (const call of calls) if (call === instant || before(call, instant)) disk.apply(call)
    const target = await temporaryDirectory()
    for (const [path, bytes] of [...disk.left(luck)].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const copy = join(target, path.slice(root.length))
      if (bytes) await writeFile(copy, bytes)
      else await mkdir(copy)
    }
    return join(target, 'new/data')
  }

  /** What was acknowledged by then and does not pull; and what pulls, but not as a whole. */
  async function lost(data: string, instant: Call): Promise<string[]> {
    await mkdir(dirname(data), { recursive: true })
    const server = await startServer({ data })
    try {
      await server.answering()
      const wrong: string[] = []
      for (const [number, image] of pushed.entries()) {
        const found = await pulls(server.url, image)
        const acknowledged = answered(image, instant)
        if (found === 'absent' && acknowledged) wrong.push(`image ${number} is gone`)
        if (found === 'in part') wrong.push(`image ${number} is there in part`)
      }
      return wrong
    } finally {
      await server.end('SIGKILL')
    }
  }

  function answered({ digest }: Content, instant: Call): boolean {
    const request = calls.find(({ args }) => args.includes(`"PUT /v2/replayed/manifests/${tagOf(digest)}`))
    const answer = calls.find((call) => isCreated(call) && request && before(request, call))
    if (!answer) throw new Error(`the trace has no answer to the push of ${digest}`)
    return answer.began <= instant.began
  }
})

const isCreated = ({ name, args }: Call) =>
  /^(?:sendto|write|writev)$/.test(name) && args.includes('"HTTP/1.1 201 ')
const tagOf = (digest: string) => digest.slice('sha256:'.length, 'sha256:'.length + 12)

async function pushTagged(url: string, image: Manifest, random: Random): Promise<Manifest> {
  const ignore = () => undefined
  for (const blob of image.blobs)
    await pushBlob({ url, repository: 'replayed', blob, random, sources: [], opened: ignore, closed: ignore })
  await ask(`${url}/v2/replayed/manifests/${tagOf(image.digest)}`, {
    method: 'PUT',
    headers: { 'Content-Type': image.mediaType },
    body: image.bytes,
    expect: [201],
  })
  return image
}

async function pulls(url: string, image: Manifest): Promise<'absent' | 'in part' | 'whole'> {
  const path = `${url}/v2/replayed`
  const manifest = await ask(`${path}/manifests/${tagOf(image.digest)}`, { expect: [200, 404] })
  if (manifest.status === 404) return 'absent'
  for (const { digest } of image.blobs) {
    const blob = await ask(`${path}/blobs/${digest}`, { expect: [200, 404] })
    if (blob.status === 404 || blobOf(new Uint8Array(blob.body)).digest !== digest) return 'in part'
  }
  return blobOf(new Uint8Array(manifest.body)).digest === image.digest ? 'whole' : 'in part'
}
