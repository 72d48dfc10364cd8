import type { Contender } from '../contender.ts'
import {
  acceptedManifests,
  type Content,
  imageOf,
  type Manifest,
  pushBlob,
  pushManifest,
  randomContent,
} from '../load/push.ts'
import type { Target } from './wrk-line.ts'

/** The image that the pull lines ask for; every server holds the same one. */
interface PulledImage {
  readonly manifest: Manifest
  readonly config: Content
  readonly small: Content
  readonly large: Content
}

const repository = 'bench/pull'
const tag = 'v1'
let made: PulledImage | undefined

export type Part = 'manifest by tag' | 'manifest by digest' | '64 KiB blob' | '1 MiB blob'

/** Pushes the image unless it is there, reads one part of it back and checks every byte. */
export async function pulledPart(contender: Contender, part: Part): Promise<Target> {
  made ??= makeImage()
  const image = made
  const { manifest, small, large } = image
  await contender.seed('images', 'pulled image', ({ url }) => pushImage(url, image))
  const { url } = await contender.instance('images')
  const base = `${url}/v2/${repository}`
  switch (part) {
    case 'manifest by tag':
      return checked(`${base}/manifests/${tag}`, manifest)
    case 'manifest by digest':
      return checked(`${base}/manifests/${manifest.digest}`, manifest)
    case '64 KiB blob':
      return checked(`${base}/blobs/${small.digest}`, small)
    case '1 MiB blob':
      return checked(`${base}/blobs/${large.digest}`, large)
  }
}

function makeImage(): PulledImage {
  const config = randomContent(1024)
  const small = randomContent(64 * 1024)
  const large = randomContent(1024 ** 2)
  // Five layers, so that the manifest has the size of a usual one.
  return { config, small, large, manifest: imageOf(config, [small, large, config, small, large]) }
}

async function pushImage(url: string, { manifest, config, small, large }: PulledImage): Promise<void> {
  for (const blob of [config, small, large]) await pushBlob({ url, repository, blob })
  await pushManifest({ url, repository, reference: tag, manifest })
}

async function checked(url: string, content: Content): Promise<Target> {
  const response = await fetch(url, { headers: { accept: acceptedManifests } })
  const bytes = await response.bytes()
  if (response.status !== 200) throw new Error(`GET ${url} was answered ${response.status}, not 200`)
  const length = response.headers.get('content-length')
  if (Number(length) !== content.bytes.length) {
    throw new Error(`GET ${url} has Content-Length ${length}, not ${content.bytes.length}`)
  }
  if (!Buffer.from(bytes).equals(content.bytes))
    throw new Error(`GET ${url} gives other bytes than were pushed`)
  return { url, length: content.bytes.length }
}
