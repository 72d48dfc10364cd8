import { type Descriptor, invalid, isObject, parseDescriptor } from './descriptor.ts'
import type { Digest } from './digest.ts'
import { type ManifestKind, manifestKindOf, mediaTypes } from './media-types.ts'

/** The specification asks registries to take at least this much; so does Berth, and no more. Bytes. */
export const largestManifest = 4 * 1024 * 1024

/** What one manifest's reference to another object is for. */
export type ReferenceRole = 'config' | 'layer' | 'child' | 'blob-child' | 'subject'

export interface ManifestReference {
  readonly digest: Digest
  readonly role: ReferenceRole
  /** A foreign layer (`urls`): it may lie elsewhere, so it is not asked for. */
  readonly foreign: boolean
}

/** A manifest that was read and found well-formed. */
export interface Manifest {
  readonly kind: ManifestKind
  readonly mediaType: string
  readonly references: readonly ManifestReference[]
  readonly subject: Digest | undefined
  /** As the referrers list shows it: the manifest's own, or its config's media type. */
  readonly artifactType: string | undefined
  /** Config and layers together, or the index's children as it states them; bytes. */
  readonly contentSize: number
}

/**
 * Reads the bytes of a pushed manifest.
 * @param contentType the Content-Type it came with, without parameters; empty when there was none
 * @throws MANIFEST_INVALID
 */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest {
  const json = parseJson(bytes)
  const mediaType = mediaTypeOf(json, contentType)
  const kind = manifestKindOf(mediaType)
  if (!kind) {
    throw invalid(
      `${mediaType} is not a manifest type that is stored here: use ${mediaTypes.ociManifest}, ${mediaTypes.ociIndex} or their Docker schema 2 counterparts`,
    )
  }
  if (json.schemaVersion !== 2) throw invalid('schemaVersion must be 2; schema 1 manifests are not accepted')
  // CVE-2021-41190: a document that reads as both would mean different things to different clients.
  // Clients in Go read keys without regard to case.
  const keys = new Set(Object.keys(json).map((key) => key.toLowerCase()))
  if (kind === 'image' && keys.has('manifests')) throw invalid('an image manifest must not have manifests')
  if (kind === 'index' && (keys.has('layers') || keys.has('config'))) {
    throw invalid('an index must have neither layers nor config')
  }
  checkAnnotations(json.annotations)
  const own = optionalText(json.artifactType, 'artifactType')
  const subject = json.subject === undefined ? undefined : parseDescriptor(json.subject, 'subject')
  const content = kind === 'image' ? imageContent(json) : indexContent(json)
  const references = [...content.references]
  if (subject) references.push({ digest: subject.digest, role: 'subject', foreign: false })
  return {
    kind,
    mediaType,
    references: withoutRepeats(references),
    subject: subject?.digest,
    artifactType: own || content.configType,
    contentSize: content.size,
  }
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw invalid('the manifest is not JSON in UTF-8', cause)
  }
  if (!isObject(value)) throw invalid('the manifest is not a JSON object')
  return value
}

function mediaTypeOf(json: Record<string, unknown>, contentType: string): string {
  const own = optionalText(json.mediaType, 'mediaType')
  const sent = contentType === mediaTypes.octetStream || contentType === 'application/json' ? '' : contentType
  if (own && sent && own !== sent) {
    throw invalid(`Content-Type is ${sent}, but the manifest's mediaType is ${own}: they must be the same`)
  }
  const mediaType = sent || own
  if (!mediaType)
    throw invalid('the manifest has no mediaType, and the request no Content-Type that names one')
  return mediaType
}

interface Content {
  references: ManifestReference[]
  configType: string | undefined
  size: number
}

function imageContent(json: Record<string, unknown>): Content {
  const config = parseDescriptor(json.config, 'config')
  const layers = descriptors(json.layers, 'layers')
  return {
    references: [
      { digest: config.digest, role: 'config', foreign: config.foreign },
      ...layers.map(({ digest, foreign }) => ({ digest, role: 'layer' as const, foreign })),
    ],
    configType: config.mediaType,
    size: totalSize([config, ...layers]),
  }
}

function indexContent(json: Record<string, unknown>): Content {
  const children = descriptors(json.manifests, 'manifests')
  return {
    // An index whose children are no manifests: buildkit keeps its cache so.
    references: children.map(({ digest, mediaType, foreign }) => ({
      digest,
      role: manifestKindOf(mediaType) ? ('child' as const) : ('blob-child' as const),
      foreign,
    })),
    configType: undefined,
    size: totalSize(children),
  }
}

function totalSize(entries: readonly Descriptor[]): number {
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  if (!Number.isSafeInteger(total)) throw invalid('the sizes add up to more than any storage holds')
  return total
}

function descriptors(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) throw invalid(`${where} must be a list`)
  return value.map((entry, index) => parseDescriptor(entry, `${where}[${index}]`))
}

function optionalText(value: unknown, where: string): string {
  if (value === undefined) return ''
  if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0')) {
    throw invalid(`${where} must be a string`)
  }
  return value
}

function checkAnnotations(value: unknown): void {
  if (value === undefined || value === null) return
  if (!isObject(value) || Object.values(value).some((entry) => typeof entry !== 'string')) {
    throw invalid('annotations must be an object of strings')
  }
}

function withoutRepeats(references: readonly ManifestReference[]): ManifestReference[] {
  const seen = new Map<string, ManifestReference>()
  for (const reference of references) {
    const key = `${reference.role} ${reference.digest}`
    const earlier = seen.get(key)
    if (!earlier || (earlier.foreign && !reference.foreign)) seen.set(key, reference)
  }
  return [...seen.values()]
}
