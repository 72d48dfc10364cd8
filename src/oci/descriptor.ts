import { type Digest, isDigest } from './digest.ts'
import { RegistryError } from './errors.ts'

/** What a manifest says of something that it points at. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** Where a foreign layer lies; such a layer need not be here. */
  readonly foreign: boolean
  readonly artifactType?: string
}

const mediaType =
  /^[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}\/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}(?: *;[\x20-\x7e]*)?$/

/**
 * Reads a descriptor out of a manifest's JSON. `where` names the field in messages.
 * @throws MANIFEST_INVALID
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw invalid(`${where} must be a descriptor: an object`)
  const { digest, size, urls, artifactType } = value
  if (typeof value.mediaType !== 'string' || !mediaType.test(value.mediaType)) {
    throw invalid(`${where}.mediaType must be a media type`)
  }
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw invalid(`${where}.digest must be a sha256 or sha512 digest`)
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${where}.size must be a whole number of bytes, 0 or more`)
  }
  if (artifactType !== undefined && typeof artifactType !== 'string') {
    throw invalid(`${where}.artifactType must be a string`)
  }
  return {
    mediaType: value.mediaType,
    digest,
    size,
    foreign: Array.isArray(urls) && urls.length > 0,
    ...(artifactType ? { artifactType } : {}),
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message, { cause })
}
