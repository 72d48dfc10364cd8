import { join } from 'node:path'
import { isObject } from '../../../oci/descriptor.ts'
import { algorithmOf, type Digest, hexOf, isDigest } from '../../../oci/digest.ts'
import { manifestKindOf } from '../../../oci/media-types.ts'
import type { RepositoryName } from '../../../oci/repository-name.ts'
import { isTag, type Tag } from '../../../oci/tag.ts'
import {
  SourceError,
  type SourceFile,
  type SourceNotes,
  type SourceRepository,
  type SourceTag,
} from '../source.ts'
import { openFile, readSmallFile } from '../source-files.ts'

/*
 * An OCI image layout (the image specification's image-layout.md):
 *
 *   oci-layout                  {"imageLayoutVersion": "1.0.0"}
 *   index.json                  an index: what the layout holds; a tag is an annotation of an entry
 *   blobs/<algorithm>/<hex>     the bytes of blobs and manifests
 */

export const layoutFile = 'oci-layout'
export const indexFile = 'index.json'
const refName = 'org.opencontainers.image.ref.name'

const largestLayoutFile = 4096
/** zot keeps an entry for each manifest of a repository: some 400 bytes. */
const largestIndex = 256 * 1024 * 1024

export interface LayoutEntry {
  readonly digest: Digest
  readonly tag: Tag | undefined
}

/** @throws SourceError when the directory holds no image layout */
export async function requireLayout(directory: string): Promise<void> {
  const bytes = await readSmallFile(join(directory, layoutFile), largestLayoutFile)
  if (!bytes) throw new SourceError(`${directory} is no OCI image layout: it has no ${layoutFile}`)
  const { imageLayoutVersion } = parseObject(bytes, join(directory, layoutFile))
  if (typeof imageLayoutVersion !== 'string' || !/^1\./.test(imageLayoutVersion)) {
    throw new SourceError(
      `${directory} is an image layout of version ${imageLayoutVersion}: only 1.x is known here`,
    )
  }
}

export interface LayoutOptions {
  readonly directory: string
  readonly name: RepositoryName
  readonly notes: SourceNotes
  /** Which of its entries come under which tags; all under their own unless given. */
  choose?(entries: readonly LayoutEntry[]): readonly LayoutEntry[]
}

/** One image layout as one repository. */
export class Layout implements SourceRepository {
  readonly name: RepositoryName
  readonly #options: LayoutOptions
  #entries: Promise<readonly LayoutEntry[]> | undefined

  constructor(options: LayoutOptions) {
    this.#options = options
    this.name = options.name
  }

  async *tags(): AsyncGenerator<SourceTag> {
    for (const { digest, tag } of await this.#read()) if (tag) yield { tag, digest }
  }

  async *manifests(): AsyncGenerator<Digest> {
    for (const { digest } of await this.#read()) yield digest
  }

  openManifest(digest: Digest): Promise<SourceFile | undefined> {
    return this.openBlob(digest)
  }

  openBlob(digest: Digest): Promise<SourceFile | undefined> {
    return openFile(join(this.#options.directory, 'blobs', algorithmOf(digest), hexOf(digest)))
  }

  #read(): Promise<readonly LayoutEntry[]> {
    this.#entries ??= this.#readIndex()
    return this.#entries
  }

  async #readIndex(): Promise<readonly LayoutEntry[]> {
    const path = join(this.#options.directory, indexFile)
    const bytes = await readSmallFile(path, largestIndex)
    if (!bytes) throw new SourceError(`${path} is missing`)
    const { manifests } = parseObject(bytes, path)
    if (!Array.isArray(manifests)) throw new SourceError(`${path} lists no manifests`)
    const entries = manifests.flatMap((value, index) =>
      this.#entry(value, `${indexFile} manifests[${index}]`),
    )
    return this.#withoutConflicts(this.#options.choose?.(entries) ?? entries)
  }

  #entry(value: unknown, subject: string): LayoutEntry[] {
    const { digest, mediaType, annotations } = isObject(value) ? value : {}
    if (typeof digest !== 'string' || !isDigest(digest)) return this.#skip(subject, 'it has no valid digest')
    if (typeof mediaType === 'string' && !manifestKindOf(mediaType))
      return this.#skip(digest, `${mediaType} is not a manifest type that is stored here`)
    const reference = isObject(annotations) ? annotations[refName] : undefined
    if (typeof reference !== 'string') return [{ digest, tag: undefined }]
    const tag = tagIn(reference)
    if (!tag)
      this.#skip(digest, `${refName} is ${JSON.stringify(reference)}, which names no tag: it comes without`)
    return [{ digest, tag }]
  }

  /** Of two images under one tag, the first keeps it. */
  #withoutConflicts(entries: readonly LayoutEntry[]): readonly LayoutEntry[] {
    const tagged = new Map<Tag, Digest>()
    return entries.map((entry) => {
      const { tag, digest } = entry
      if (!tag) return entry
      const first = tagged.get(tag) ?? digest
      tagged.set(tag, first)
      if (first === digest) return entry
      this.#skip(`tag ${tag}`, `${digest} has it too: it comes without, and ${first} keeps it`)
      return { digest, tag: undefined }
    })
  }

  #skip(subject: string, reason: string): [] {
    this.#options.notes.skip({ repository: this.name, subject, reason })
    return []
  }
}

/** Most write the tag alone; some a whole reference, such as `docker.io/library/nginx:1.29`. */
export function tagIn(reference: string): Tag | undefined {
  if (isTag(reference)) return reference
  const tag = /:([^:/@]+)$/.exec(reference)?.[1]
  return tag && isTag(tag) ? tag : undefined
}

/** @throws SourceError */
function parseObject(bytes: Uint8Array, path: string): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new SourceError(`${path} is not JSON`, { cause })
  }
  if (!isObject(json)) throw new SourceError(`${path} is not a JSON object`)
  return json
}
