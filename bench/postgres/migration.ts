/**
 * How long `berth migrate` keeps a registry from taking pushes, and how fast it copies blobs.
 *
 *   BERTH_TEST_POSTGRES=$(.ci/postgres start) BERTH_TEST_S3=$(.ci/s3 start) bun run bench/postgres/migration.ts [IMAGES] [LAYER-BYTES]
 *
 * Fills a registry with images of a config and three layers of their own, under a tag each, moves it to a database and a
 * bucket of its own while it serves, and prints what the command says.
 */
import { loadavg } from 'node:os'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { startBerth } from '../../test/support/berth.ts'
import { makeTargets, migrateCommand } from '../../test/support/migration.ts'
import { putManifest } from '../../test/support/push.ts'

const images = Number(process.argv[2] ?? 10_000)
const layerSize = Number(process.argv[3] ?? 4096)
const clients = 16
const noise = crypto.getRandomValues(new Uint8Array(65_536))

const berth = await startBerth({ env: { BERTH_LOG_LEVEL: 'error' } })
const filled = performance.now()
let next = 0
await Promise.all(Array.from({ length: clients }, pushImages))
console.log(`${images} images pushed in ${Math.round((performance.now() - filled) / 1000)} s`)

await using targets = await makeTargets()
const started = performance.now()
const before = loadavg()[0]?.toFixed(1)
const result = await migrateCommand(berth.data, [...targets.flags, '--output', 'json'], targets.credentials)
if (result.exitCode !== 0) throw new Error(result.stderr)
const { done, tables, blobs } = JSON.parse(result.stdout)
const seconds = (performance.now() - started) / 1000
const rows = Object.values(tables as Record<string, number>).reduce((sum, count) => sum + count, 0)
console.log(`load ${before} before, ${loadavg()[0]?.toFixed(1)} after`)
console.log(`${blobs.count} blobs, ${Math.round(blobs.bytes / 1_048_576)} MiB, ${rows} rows`)
console.log(`pause ${(done.pauseMs / 1000).toFixed(2)} s of ${seconds.toFixed(1)} s`)
const copying = seconds - done.pauseMs / 1000
console.log(
  `copying ${Math.round(blobs.count / copying)} blobs/s, ${(blobs.bytes / 1_048_576 / copying).toFixed(1)} MiB/s`,
)
await berth.stop()

async function pushImages(): Promise<void> {
  for (;;) {
    const number = next
    next += 1
    if (number >= images) return
    const remote = { url: berth.url, repository: `team${number % 100}/app` }
    const sizes = [200, layerSize, layerSize, layerSize]
    const parts = await Promise.all(
      sizes.map(async (size, index) => {
        const bytes = new Uint8Array(size)
        for (let at = 0; at < size; at += noise.length) bytes.set(noise.subarray(0, size - at), at)
        bytes.set(new TextEncoder().encode(`${number} ${index}`))
        const digest = digestOf(bytes)
        const url = `${remote.url}/v2/${remote.repository}/blobs/uploads/?digest=${digest}`
        const answer = await fetch(url, { method: 'POST', body: bytes })
        if (answer.status !== 201) throw new Error(`blob: ${answer.status}`)
        return { digest, size, mediaType: 'application/vnd.oci.image.layer.v1.tar' }
      }),
    )
    const [config, ...layers] = parts
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers }
    await putManifest(remote, `v${number}`, JSON.stringify(manifest))
  }
}
