import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'
import { largestManifest } from '../../oci/manifest.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import { SourceError, type SourceFile } from './source.ts'
import { readAll } from './source-files.ts'

export interface ReadManifest {
  readonly bytes: Uint8Array
  readonly mediaType: string
}

/** Reads a manifest whole and closes its file. @throws SourceError when it is damaged, or of a kind that can't come */
export async function readManifest(file: SourceFile, digest: Digest): Promise<ReadManifest> {
  try {
    const bytes = await readAll(file, largestManifest)
    const found = digestOf(bytes, algorithmOf(digest))
    if (found !== digest) throw damaged(file, found)
    return { bytes, mediaType: mediaTypeIn(bytes) }
  } finally {
    await file.handle.close()
  }
}

export function damaged({ path }: SourceFile, found: Digest): SourceError {
  return new SourceError(`${path} is damaged: its bytes have the digest ${found}`)
}

/** A file does not say what it was pushed as; where the manifest does not either, its fields do. */
function mediaTypeIn(bytes: Uint8Array): string {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new SourceError('this is not a manifest: it is not JSON')
  }
  const { schemaVersion, mediaType, manifests } = (json ?? {}) as Record<string, unknown>
  if (schemaVersion === 1) throw new SourceError('Docker schema 1 manifests are not stored here')
  if (typeof mediaType === 'string' && mediaType !== '') return mediaType
  return manifests === undefined ? mediaTypes.ociManifest : mediaTypes.ociIndex
}
