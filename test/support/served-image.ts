/** An image, index or artifact as the registry serves it, with every byte of it checked. */
export interface ServedImage {
  readonly digest: string
  readonly mediaType: string
  readonly manifest: Manifest
  /** The digests of all manifests, configs and layers below it and of itself, sorted, each once. */
  readonly digests: readonly string[]
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: { readonly os: string; readonly architecture: string }
}

interface Manifest {
  readonly manifests?: readonly Descriptor[]
  readonly config?: Descriptor
  readonly layers?: readonly Descriptor[]
}

export interface ImageName {
  readonly repository: string
  /** A tag or a digest. */
  readonly reference: string
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

/** Fetches an image whole; throws where anything is missing, or differs from its digest or its size. */
export async function servedImage(url: string, name: ImageName): Promise<ServedImage> {
  const path = `${url}/v2/${name.repository}`
  const response = await fetch(`${path}/manifests/${name.reference}`, {
    headers: { Accept: manifestTypes.join(', ') },
  })
  const body = await bytesOf(response)
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(body).digest('hex')}`
  if (response.headers.get('docker-content-digest') !== digest) {
    throw new Error(`${name.repository}: the manifest ${name.reference} has another digest than ${digest}`)
  }
  const manifest = JSON.parse(new TextDecoder().decode(body)) as Manifest
  const digests = new Set([digest])
  for (const child of manifest.manifests ?? []) {
    const served = await servedImage(url, { ...name, reference: child.digest })
    for (const each of served.digests) digests.add(each)
  }
  for (const blob of [manifest.config, ...(manifest.layers ?? [])]) {
    if (!blob) continue
    await checkBlob(path, blob)
    digests.add(blob.digest)
  }
  const mediaType = response.headers.get('content-type') ?? ''
  return { digest, mediaType, manifest, digests: [...digests].sort() }
}

/** The status that a HEAD for the manifest is answered with. */
export async function manifestStatus(url: string, name: ImageName): Promise<number> {
  const response = await fetch(`${url}/v2/${name.repository}/manifests/${name.reference}`, {
    method: 'HEAD',
    headers: { Accept: manifestTypes.join(', ') },
  })
  return response.status
}

async function checkBlob(path: string, descriptor: Descriptor): Promise<void> {
  const body = await bytesOf(await fetch(`${path}/blobs/${descriptor.digest}`))
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(body).digest('hex')}`
  if (digest !== descriptor.digest) throw new Error(`the blob ${descriptor.digest} is served as ${digest}`)
  if (body.length !== descriptor.size) {
    throw new Error(`the blob ${digest} has ${body.length} bytes, not ${descriptor.size}`)
  }
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  if (response.status !== 200) {
    throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`)
  }
  return new Uint8Array(await response.arrayBuffer())
}
