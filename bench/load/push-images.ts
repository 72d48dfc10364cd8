import { parseArgs } from 'node:util'
import { quantile } from '../statistics.ts'
import {
  type Content,
  contentOf,
  imageOf,
  type Manifest,
  pushBlob,
  pushManifest,
  randomContent,
} from './push.ts'

/*
 * A process of its own: pushes small images that no registry has seen, as fast as it is answered, and prints an
 * ImageLoadResult as JSON. An image is a config, three layers of 64 KiB and a manifest under a tag. As container clients
 * do, a client pushes the layers at once, then the config, then the manifest. Any answer but the expected ends it.
 */

export interface ImageLoadResult {
  readonly images: number
  readonly seconds: number
  /** Milliseconds per image. */
  readonly median: number
  readonly p99: number
  /** One of the images pushed, so that it can be looked at. */
  readonly sample: { readonly repository: string; readonly tag: string; readonly digest: string }
}

const layerSize = 64 * 1024
const template = randomContent(layerSize).bytes

async function pushImages(url: string, clients: number, seconds: number): Promise<ImageLoadResult> {
  const latencies: number[] = []
  const start = performance.now()
  const deadline = start + seconds * 1_000
  const loops = Array.from({ length: clients }, async (_, client) => {
    const repository = `bench/images-${client}`
    for (;;) {
      const begun = performance.now()
      const image = await pushImage(url, repository)
      latencies.push(performance.now() - begun)
      if (performance.now() >= deadline) return { repository, ...image }
    }
  })
  const [sample] = await Promise.all(loops)
  if (!sample) throw new Error('--clients must be at least 1')
  return {
    images: latencies.length,
    seconds: (performance.now() - start) / 1_000,
    median: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    sample,
  }
}

async function pushImage(url: string, repository: string): Promise<{ tag: string; digest: string }> {
  const layers = [uniqueLayer(), uniqueLayer(), uniqueLayer()]
  const config = configOf(layers)
  await Promise.all(layers.map((blob) => pushBlob({ url, repository, blob })))
  await pushBlob({ url, repository, blob: config })
  const manifest: Manifest = imageOf(config, layers)
  const tag = manifest.digest.slice('sha256:'.length, 'sha256:'.length + 20)
  await pushManifest({ url, repository, reference: tag, manifest })
  return { tag, digest: manifest.digest }
}

/** Random bytes with a random head: as good as wholly new ones to a server, and cheap to make. */
function uniqueLayer(): Content {
  const bytes = template.slice()
  crypto.getRandomValues(bytes.subarray(0, 64))
  return contentOf(bytes)
}

function configOf(layers: readonly Content[]): Content {
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/usr/bin'], Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
  }
  return contentOf(new TextEncoder().encode(JSON.stringify(config)))
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, clients: { type: 'string' }, seconds: { type: 'string' } },
  })
  const result = await pushImages(values.url ?? '', Number(values.clients), Number(values.seconds))
  process.stdout.write(JSON.stringify(result))
}
