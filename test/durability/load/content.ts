import { type Digest, digestOf } from '../../../src/oci/digest.ts'
import { mediaTypes } from '../../../src/oci/media-types.ts'
import { Random } from './random.ts'

/** Bytes that can be pushed, and what the registry will call them. */
export interface Blob {
  readonly digest: Digest
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface Manifest {
  readonly digest: Digest
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mediaType: string
  /** Config and layers. */
  readonly blobs: readonly Blob[]
  /** Of an index. */
  readonly children: readonly Manifest[]
  readonly subject: Manifest | undefined
}

/** Layers that every client's images are made of, so that a blob is shared, let go and pushed again all the time. */
export class LayerPool {
  readonly #layers: readonly Blob[]

  constructor({ seed, layers, largest }: { seed: number; layers: number; largest: number }) {
    const random = new Random(seed)
    this.#layers = Array.from({ length: layers }, () => {
      // Most layers are small, and a few fill many packets.
      const length = random.chance(0.1) ? random.between(1, largest) : random.between(1, largest / 16)
      return blobOf(random.bytes(length))
    })
  }

  pick(random: Random): Blob {
    const layer = random.pick(this.#layers)
    if (!layer) throw new Error('the pool has no layers')
    return layer
  }
}

export function blobOf(bytes: Uint8Array<ArrayBuffer>): Blob {
  return { digest: digestOf(bytes), bytes }
}

/** An image of layers, whose config is nobody else's. */
export function newImage({
  name,
  layers,
  subject,
}: {
  name: string
  layers: readonly Blob[]
  subject?: Manifest | undefined
}): Manifest {
  const config = blobOf(encode({ architecture: 'amd64', os: 'linux', config: { Labels: { name } } }))
  const bytes = encode({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
    ...(subject ? { subject: descriptor(subject.mediaType, subject) } : {}),
  })
  const blobs = [...new Map([config, ...layers].map((blob) => [blob.digest, blob])).values()]
  return { ...blobOf(bytes), mediaType: mediaTypes.ociManifest, blobs, children: [], subject }
}

export function newIndex({ name, children }: { name: string; children: readonly Manifest[] }): Manifest {
  const bytes = encode({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: children.map((child) => descriptor(child.mediaType, child)),
    annotations: { name },
  })
  return { ...blobOf(bytes), mediaType: mediaTypes.ociIndex, blobs: [], children, subject: undefined }
}

function descriptor(mediaType: string, { digest, bytes }: Blob) {
  return { mediaType, digest, size: bytes.length }
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value))
}
