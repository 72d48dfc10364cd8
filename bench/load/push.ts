/** Bytes with their name: a blob or a manifest in memory. */
export interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly digest: string
}

export interface Manifest extends Content {
  readonly mediaType: string
}

const imageManifest = 'application/vnd.oci.image.manifest.v1+json'
const imageIndex = 'application/vnd.oci.image.index.v1+json'
export const acceptedManifests = `${imageManifest}, ${imageIndex}`

/** The smallest manifest that needs no blobs: what the big listings are made of. */
export const emptyIndex = manifestOf(imageIndex, { manifests: [] })

/** An image whose layers are the given blobs. */
export function imageOf(config: Content, layers: readonly Content[]): Manifest {
  const describe = (mediaType: string, { digest, bytes }: Content) => ({
    mediaType,
    digest,
    size: bytes.length,
  })
  return manifestOf(imageManifest, {
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
  })
}

export function contentOf(bytes: Uint8Array<ArrayBuffer>): Content {
  return { bytes, digest: `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}` }
}

export function randomContent(size: number): Content {
  const bytes = new Uint8Array(size)
  const largestRequest = 65_536
  for (let at = 0; at < size; at += largestRequest)
    crypto.getRandomValues(bytes.subarray(at, at + largestRequest))
  return contentOf(bytes)
}

export interface BlobPush {
  readonly url: string
  readonly repository: string
  readonly blob: Content
}

/** POST, then PUT with all bytes. */
export async function pushBlob({ url, repository, blob }: BlobPush): Promise<void> {
  const location = await openUpload(url, repository)
  await expectStatus(201, withDigest(location, blob.digest), { method: 'PUT', body: blob.bytes })
}

export interface ManifestPush {
  readonly url: string
  readonly repository: string
  readonly reference: string
  readonly manifest: Manifest
}

export async function pushManifest({ url, repository, reference, manifest }: ManifestPush): Promise<void> {
  await expectStatus(201, `${url}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
  })
}

/** @returns where the upload goes on, absolute */
export async function openUpload(url: string, repository: string): Promise<string> {
  const start = `${url}/v2/${repository}/blobs/uploads/`
  const response = await expectStatus(202, start, { method: 'POST' })
  return locationOf(response.headers.get('location'), start)
}

export function locationOf(location: string | null | undefined, base: string): string {
  if (!location) throw new Error(`${base} was answered without a Location`)
  return new URL(location, base).href
}

export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
}

async function expectStatus(status: number, url: string, request: RequestInit): Promise<Response> {
  const response = await fetch(url, request)
  const body = await response.text()
  if (response.status !== status) {
    throw new Error(
      `${request.method} ${url} was answered ${response.status}, not ${status}: ${body.slice(0, 500)}`,
    )
  }
  return response
}

function manifestOf(mediaType: string, body: object): Manifest {
  const json = JSON.stringify({ schemaVersion: 2, mediaType, ...body })
  return { ...contentOf(new TextEncoder().encode(json)), mediaType }
}
