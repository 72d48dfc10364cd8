import { join } from 'node:path'
import { run } from '../children.ts'
import type { Contender } from '../contender.ts'
import { acceptedManifests } from '../load/push.ts'
import type { ImageLoadResult } from '../load/push-images.ts'
import type { Line, LineContext, Metric } from './line.ts'

const generator = join(import.meta.dir, '../load/push-images.ts')

/** Small images that are new to the server, pushed by so many clients at once. */
export function imageLine(
  { scale }: LineContext,
  { clients, ratio }: { clients: number; ratio?: number },
): Line {
  const name = `small images pushed, ${clients} ${clients === 1 ? 'client' : 'clients'}`
  const rate: Metric = { key: 'rate', label: name, unit: '/s' }
  return {
    name,
    metrics: [
      ratio === undefined ? rate : { ...rate, reach: { ratio } },
      { key: 'median', label: '  per image, median', unit: 'ms' },
      { key: 'p99', label: '  per image, 99th percentile', unit: 'ms' },
    ],
    prepare: async (contender) => {
      await pushImages(contender, { clients, seconds: scale.warmUpSeconds })
    },
    measure: async (contender) => {
      const { images, seconds, median, p99 } = await pushImages(contender, {
        clients,
        seconds: scale.imageSeconds,
      })
      return { rate: images / seconds, median, p99 }
    },
  }
}

async function pushImages(
  contender: Contender,
  load: { clients: number; seconds: number },
): Promise<ImageLoadResult> {
  const { url } = await contender.instance('images')
  const options = [`--url=${url}`, `--clients=${load.clients}`, `--seconds=${load.seconds}`]
  const result: ImageLoadResult = JSON.parse(await run([process.execPath, generator, ...options]))
  await checkImage(url, result.sample)
  return result
}

/** The manifest is there under its tag, with a layer that has the bytes it should. */
async function checkImage(
  url: string,
  { repository, tag, digest }: ImageLoadResult['sample'],
): Promise<void> {
  const manifest = await bytesAt(`${url}/v2/${repository}/manifests/${tag}`)
  if (sha256(manifest) !== digest) throw new Error(`${repository}:${tag} is not the manifest that was pushed`)
  const { layers } = JSON.parse(new TextDecoder().decode(manifest))
  const layer: string = layers[0].digest
  if (sha256(await bytesAt(`${url}/v2/${repository}/blobs/${layer}`)) !== layer) {
    throw new Error(`a layer of ${repository}:${tag} does not have the bytes that were pushed`)
  }
}

async function bytesAt(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { headers: { accept: acceptedManifests } })
  if (response.status !== 200) throw new Error(`GET ${url} was answered ${response.status}, not 200`)
  return response.bytes()
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
}
