/** What lies in the registry before the first row, and what rows are made of. */

export interface Content {
  readonly digest: string
  readonly bytes: Uint8Array
}

export const repository = 'hostile/base'
/** A second repository, which holds nothing but open uploads. */
export const elsewhere = 'hostile/elsewhere'

export const blob = contentOf(Buffer.alloc(1000, '0123456789'))
export const emptyBlob = contentOf(Buffer.alloc(0))
export const config = contentOf(Buffer.from('{"architecture":"amd64","os":"linux"}'))
/** The digest of something that is nowhere. */
export const absent = `sha256:${'a'.repeat(64)}`

export const imageType = 'application/vnd.oci.image.manifest.v1+json'
export const indexType = 'application/vnd.oci.image.index.v1+json'

export const configDescriptor = {
  mediaType: 'application/vnd.oci.image.config.v1+json',
  digest: config.digest,
  size: config.bytes.length,
}

export const layerDescriptor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  digest: blob.digest,
  size: blob.bytes.length,
}

type Fields = Readonly<Record<string, unknown>>

/** The JSON of an image manifest that is valid but for the changes; `undefined` leaves a field out. */
export function image(changes: Fields = {}): string {
  const valid = {
    schemaVersion: 2,
    mediaType: imageType,
    config: configDescriptor,
    layers: [layerDescriptor],
  }
  return utf8Json({ ...valid, ...changes })
}

/** The JSON of an image index that is valid but for the changes. */
export function index(changes: Fields = {}): string {
  const child = { mediaType: imageType, digest: tagged.digest, size: tagged.bytes.length }
  return utf8Json({ schemaVersion: 2, mediaType: indexType, manifests: [child], ...changes })
}

/** The JSON of an image whose only layer is the valid one but for the changes. */
export function imageWithLayer(changes: Fields): string {
  return image({ layers: [{ ...layerDescriptor, ...changes }] })
}

/** The image that is tagged `latest`. */
export const tagged = contentOf(Buffer.from(image(), 'latin1'))

/** A valid image manifest of exactly so many bytes. */
export function imageOfSize(size: number): string {
  const empty = image({ annotations: { padding: '' } })
  return image({ annotations: { padding: 'x'.repeat(size - empty.length) } })
}

export function contentOf(bytes: Uint8Array): Content {
  return { bytes, digest: `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}` }
}

export function sha512Of(bytes: Uint8Array | string): string {
  return `sha512:${new Bun.CryptoHasher('sha512').update(bytes).digest('hex')}`
}

/** Rows hold bytes as latin-1 text. */
function utf8Json(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1')
}
