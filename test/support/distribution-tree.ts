import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { algorithmOf, type Digest, type DigestAlgorithm, digestOf, hexOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import { bytesOf } from './push.ts'

/** Writes what distribution's filesystem driver would, so that a test can make sources that no push can. */
export class DistributionTree {
  /** What distribution would be given as its root. */
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** A blob that the repository holds. */
  blob(repository: string, content: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
    const digest = this.data(content, algorithm)
    this.file(this.layerLink(repository, digest), digest)
    return digest
  }

  /** A manifest that the repository holds, and its tags. */
  manifest(repository: string, content: string, { tags = [] as readonly string[] } = {}): Digest {
    const digest = this.data(content)
    this.file(this.revisionLink(repository, digest), digest)
    for (const tag of tags) this.tag(repository, tag, digest)
    return digest
  }

  tag(repository: string, tag: string, digest: Digest): void {
    const folder = this.repository(repository, '_manifests/tags', tag)
    this.file(join(folder, 'current/link'), digest)
    this.file(join(folder, 'index', algorithmOf(digest), hexOf(digest), 'link'), digest)
  }

  /** An image of a config and layers. @returns its manifest */
  image(repository: string, layers: readonly string[], options: ImageOptions = {}): Digest {
    const { tags = [], ...more } = options
    return this.manifest(repository, this.imageText(repository, layers, more), { tags })
  }

  imageText(repository: string, layers: readonly string[], more: Record<string, unknown> = {}): string {
    const descriptor = (mediaType: string, content: string) => ({
      mediaType,
      digest: this.blob(repository, content),
      size: bytesOf(content).length,
    })
    return JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: descriptor('application/vnd.oci.image.config.v1+json', JSON.stringify({ layers })),
      layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
      ...more,
    })
  }

  index(repository: string, children: readonly Digest[], { tags = [] as readonly string[] } = {}): Digest {
    const manifests = children.map((digest) => ({ mediaType: mediaTypes.ociManifest, digest, size: 2 }))
    const text = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })
    return this.manifest(repository, text, { tags })
  }

  dataFile(digest: Digest): string {
    const hex = hexOf(digest)
    return this.path('blobs', algorithmOf(digest), hex.slice(0, 2), hex, 'data')
  }

  layerLink(repository: string, digest: Digest): string {
    return this.repository(repository, '_layers', algorithmOf(digest), hexOf(digest), 'link')
  }

  revisionLink(repository: string, digest: Digest): string {
    return this.repository(repository, '_manifests/revisions', algorithmOf(digest), hexOf(digest), 'link')
  }

  repository(name: string, ...parts: string[]): string {
    return this.path('repositories', name, ...parts)
  }

  path(...parts: string[]): string {
    return join(this.directory, 'docker/registry/v2', ...parts)
  }

  file(path: string, content: Uint8Array | string): void {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }

  /** Bytes that no repository holds. */
  data(content: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
    const bytes = typeof content === 'string' ? bytesOf(content) : content
    const digest = digestOf(bytes, algorithm)
    this.file(this.dataFile(digest), bytes)
    return digest
  }
}

interface ImageOptions extends Record<string, unknown> {
  tags?: readonly string[]
}
