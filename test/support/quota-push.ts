import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { blobUrl, bytesOf, manifestUrl, openUpload, type Remote } from './push.ts'

/** How a client sends a blob: all in the first request, in the one that closes it, or as a stream of unknown length. */
export type Sending = 'at-once' | 'whole' | 'stream'

export const sendings: readonly Sending[] = ['at-once', 'whole', 'stream']

export interface Image {
  readonly layer: Uint8Array<ArrayBuffer>
  readonly config: Uint8Array<ArrayBuffer>
  readonly manifest: string
  /** Of all three. */
  readonly size: number
}

/** An image that differs from those of other numbers, and is as large as they are. */
export function imageOf(number: number, layerSize = 65_536): Image {
  const layer = new Uint8Array(layerSize)
  layer.set(bytesOf(`layer ${String(number).padStart(6, '0')}`))
  const config = bytesOf(JSON.stringify({ number: String(number).padStart(6, '0') }))
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.length,
    },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length },
    ],
  })
  return { layer, config, manifest, size: layer.length + config.length + manifest.length }
}

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/**
 * Pushes an image as clients do: what is there they don't send, and when they are told to come again they do.
 * @returns undefined: it is pushed
 */
export async function pushWithin(
  remote: Remote,
  image: Image,
  { sending, tag }: { sending: Sending; tag: string },
): Promise<Refusal | undefined> {
  for (const content of [image.layer, image.config]) {
    const refused = await patiently(() => sendBlob(remote, content, sending))
    if (refused) return refused
  }
  return patiently(() =>
    fetch(manifestUrl(remote, tag), {
      method: 'PUT',
      body: image.manifest,
      headers: { 'Content-Type': mediaTypes.ociManifest },
    }),
  )
}

async function patiently(attempt: () => Promise<Response>): Promise<Refusal | undefined> {
  for (let left = 10; ; left -= 1) {
    const answer = await attempt()
    const text = await answer.text()
    if (answer.ok) return undefined
    if (answer.status === 503 && left > 0) {
      await Bun.sleep(200 + Math.random() * 300)
      continue
    }
    const [error] = (JSON.parse(text) as { errors: { code: string; message: string }[] }).errors
    return { status: answer.status, code: error?.code ?? '', message: error?.message ?? '' }
  }
}

export async function sendBlob(
  remote: Remote,
  content: Uint8Array<ArrayBuffer>,
  sending: Sending,
): Promise<Response> {
  const digest = digestOf(content)
  const there = await fetch(blobUrl(remote, digest), { method: 'HEAD' })
  if (there.ok) return there
  if (sending === 'at-once') {
    const url = `${remote.url}/v2/${remote.repository}/blobs/uploads/?digest=${digest}`
    return fetch(url, { method: 'POST', body: content })
  }
  const location = new URL(await openUpload(remote))
  if (sending === 'stream') {
    const answer = await fetch(location, { method: 'PATCH', body: streamOf(content) })
    if (!answer.ok) return answer
    await answer.bytes()
  }
  location.searchParams.set('digest', digest)
  return fetch(location, { method: 'PUT', ...(sending === 'whole' ? { body: content } : {}) })
}

/** So that nobody knows beforehand how long it is. */
function streamOf(content: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = 4
  let sent = 0
  return new ReadableStream({
    async pull(controller) {
      if (sent > 0) await Bun.sleep(1)
      const end = Math.min(content.length, sent + Math.ceil(content.length / pieces))
      controller.enqueue(content.slice(sent, end))
      sent = end
      if (sent === content.length) controller.close()
    },
  })
}
