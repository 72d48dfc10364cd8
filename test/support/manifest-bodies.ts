import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'

const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const configType = 'application/vnd.oci.image.config.v1+json'

/** A descriptor of what the text's bytes are. */
export function descriptorOf(content: string, more: Record<string, unknown> = {}) {
  return { mediaType: layerType, digest: digestOf(Buffer.from(content)), size: content.length, ...more }
}

/** An OCI image manifest with a config and two layers; `more` overrides fields, undefined removes them. */
export function imageBody(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf('config', { mediaType: configType }),
    layers: [descriptorOf('one'), descriptorOf('two')],
    ...more,
  }
}

/** An OCI index with one child. */
export function indexBody(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [descriptorOf('child', { mediaType: mediaTypes.ociManifest })],
    ...more,
  }
}

export function bytesOfJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
