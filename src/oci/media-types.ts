export const mediaTypes = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  octetStream: 'application/octet-stream',
} as const

const manifestTypes: ReadonlySet<string> = new Set([mediaTypes.dockerManifest, mediaTypes.ociManifest])
const indexTypes: ReadonlySet<string> = new Set([mediaTypes.dockerManifestList, mediaTypes.ociIndex])

export type ManifestKind = 'image' | 'index'

/** What the media type says a manifest is, or undefined for a type that Berth does not store as a manifest. */
export function manifestKindOf(mediaType: string): ManifestKind | undefined {
  if (manifestTypes.has(mediaType)) return 'image'
  return indexTypes.has(mediaType) ? 'index' : undefined
}

/** The bare, lower-case type of a Content-Type header: without parameters and white space. */
export function bareMediaType(header: string): string {
  const semicolon = header.indexOf(';')
  return (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase()
}
