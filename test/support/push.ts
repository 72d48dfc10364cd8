import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'

/** A repository of a running registry, spoken to in plain requests. */
export interface Remote {
  readonly url: string
  readonly repository: string
  /** Sent with each request; undefined: nobody signs in. */
  readonly authorization?: string
}

function signedBy({ authorization }: Remote): Record<string, string> {
  return authorization === undefined ? {} : { Authorization: authorization }
}

export const bytesOf = (text: string) => new TextEncoder().encode(text)

export function blobUrl({ url, repository }: Remote, digest: string): string {
  return `${url}/v2/${repository}/blobs/${digest}`
}

export function manifestUrl({ url, repository }: Remote, reference: string): string {
  return `${url}/v2/${repository}/manifests/${reference}`
}

/** Opens an upload. @returns its absolute location */
export async function openUpload(remote: Remote, query = ''): Promise<string> {
  const { url, repository } = remote
  const headers = signedBy(remote)
  const answer = await fetch(`${url}/v2/${repository}/blobs/uploads/${query}`, { method: 'POST', headers })
  if (answer.status !== 202) throw new Error(`upload: ${answer.status} ${await answer.text()}`)
  return new URL(answer.headers.get('location') ?? '', url).href
}

/** @returns the blob's digest */
export async function pushBlob(remote: Remote, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = digestOf(content)
  const location = new URL(await openUpload(remote))
  location.searchParams.set('digest', digest)
  const answer = await fetch(location, { method: 'PUT', body: content, headers: signedBy(remote) })
  if (answer.status !== 201) throw new Error(`blob: ${answer.status} ${await answer.text()}`)
  return digest
}

export interface PushedImage {
  readonly digest: string
  readonly manifest: string
}

/** Pushes an image of one layer under a tag, or by digest. */
export async function pushImage(
  remote: Remote,
  { reference = 'latest', content = 'layer', extra = {} as Record<string, unknown> } = {},
): Promise<PushedImage> {
  const layer = bytesOf(content)
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: await pushBlob(remote, bytesOf('{}')),
      size: 2,
    },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest: await pushBlob(remote, layer),
        size: layer.length,
      },
    ],
    ...extra,
  })
  return { digest: await putManifest(remote, reference, manifest), manifest }
}

/** @returns the manifest's digest */
export async function putManifest(remote: Remote, reference: string, manifest: string): Promise<string> {
  const { mediaType } = JSON.parse(manifest)
  const target = reference === '' ? digestOf(bytesOf(manifest)) : reference
  const answer = await fetch(manifestUrl(remote, target), {
    method: 'PUT',
    body: manifest,
    headers: { 'Content-Type': mediaType, ...signedBy(remote) },
  })
  if (answer.status !== 201) throw new Error(`manifest: ${answer.status} ${await answer.text()}`)
  return answer.headers.get('docker-content-digest') ?? ''
}
