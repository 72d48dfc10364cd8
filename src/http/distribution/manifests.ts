import type { StoredManifest } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { limitReached } from '../../oci/limit-reached.ts'
import { bareMediaType } from '../../oci/media-types.ts'
import { parseReference, type Reference } from '../../oci/reference.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { parseTag } from '../../oci/tag.ts'
import * as manifests from '../../registry/manifests.ts'
import { auditPull } from '../audit.ts'
import { readBody } from '../body.ts'
import { callerOf, callOf, type Exchange, parameters } from '../exchange.ts'
import { apiVersion, clientHas, etag, headersPerObject, immutable } from '../headers.ts'

/** Tags that one request may set. */
const mostTags = 100

export async function getManifest(
  exchange: Exchange,
  repository: RepositoryName,
  text: string,
): Promise<Response> {
  const reference = parseReference(text)
  const { request, registry } = exchange
  const manifest = await manifests.getManifest(registry, { ...callOf(exchange, repository), reference })
  const has = clientHas(request, manifest.digest)
  // A caller who has it, or asks only whether it is there, is given nothing that counts.
  const admitted = exchange.pullLimits?.admit(exchange, request.method === 'GET' && !has)
  const limited = admitted instanceof Promise ? await admitted : admitted
  if (countsAsPull(request, reference)) notePull(exchange, { repository, reference, manifest })
  if (request.method === 'GET')
    auditPull(exchange, { action: 'manifest:pull', repository, digest: manifest.digest })
  const response = answerWith(exchange, manifest, { reference, has })
  if (limited) for (const name in limited) response.headers.set(name, limited[name] ?? '')
  return response
}

function answerWith(
  exchange: Exchange,
  manifest: StoredManifest,
  { reference, has }: { reference: Reference; has: boolean },
): Response {
  const headers = reference.by === 'digest' ? headersByDigest(manifest) : headersByTag(manifest)
  if (has) return new Response(null, { status: 304, headers })
  exchange.sent = manifest.bytes.length
  if (exchange.request.method !== 'HEAD') {
    return new Response(manifest.bytes as Uint8Array<ArrayBuffer>, { headers })
  }
  const response = new Response(null, { headers })
  response.headers.set('Content-Length', String(manifest.bytes.length))
  return response
}

function notePull(
  exchange: Exchange,
  pull: { repository: RepositoryName; reference: Reference; manifest: StoredManifest },
): void {
  const { repository, reference, manifest } = pull
  const { digest, mediaType, bytes } = manifest
  const { registry } = exchange
  registry.pulled({ repository, digest })
  if (!registry.pullNotices?.wanted) return
  const tag = reference.by === 'tag' ? reference.tag : null
  registry.pullNotices.note({
    repository,
    digest,
    mediaType,
    size: bytes.length,
    tag,
    by: callerOf(exchange),
  })
}

/**
 * Who has the image already asks for its tag alone, to see whether it moved, and uses what he has: a HEAD of a tag is a
 * pull. One of a digest asks whether a push may leave it out.
 */
function countsAsPull(request: Request, reference: Reference): boolean {
  return request.method === 'GET' || reference.by === 'tag'
}

const headersByDigest = headersPerObject((manifest: StoredManifest) => manifestHeaders(manifest, immutable))
/** What a tag points at may be another manifest a moment later. */
const headersByTag = headersPerObject((manifest: StoredManifest) => manifestHeaders(manifest, 'no-cache'))

function manifestHeaders(
  { digest, mediaType }: StoredManifest,
  cacheControl: string,
): Record<string, string> {
  return {
    ...apiVersion,
    'Content-Type': mediaType,
    'Docker-Content-Digest': digest,
    ETag: etag(digest),
    'Cache-Control': cacheControl,
  }
}

export async function putManifest(
  exchange: Exchange,
  repository: RepositoryName,
  text: string,
): Promise<Response> {
  const reference = parseReference(text)
  const tags = parameters(exchange).getAll('tag').map(parseTag)
  if (tags.length > mostTags) {
    throw new RegistryError(
      'TAG_INVALID',
      `one request sets at most ${mostTags} tags; this one names ${tags.length}`,
    )
  }
  const bytes = await readManifest(exchange)
  const { digest, subject } = await manifests.pushManifest(exchange.registry, {
    ...callOf(exchange, repository),
    reference,
    tags,
    bytes,
    contentType: bareMediaType(exchange.request.headers.get('content-type') ?? ''),
  })
  const headers = new Headers({
    ...apiVersion,
    Location: `/v2/${repository}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    'Content-Length': '0',
  })
  if (subject) headers.set('OCI-Subject', subject)
  for (const tag of tags) headers.append('OCI-Tag', tag)
  return new Response(null, { status: 201, headers })
}

export async function removeManifest(
  exchange: Exchange,
  repository: RepositoryName,
  text: string,
): Promise<Response> {
  const reference = parseReference(text)
  await manifests.deleteManifest(exchange.registry, { ...callOf(exchange, repository), reference })
  return new Response(null, { status: 202, headers: { ...apiVersion, 'Content-Length': '0' } })
}

function readManifest(exchange: Exchange): Promise<Uint8Array> {
  const most = exchange.limits.manifestSize
  return readBody(exchange, {
    most,
    tooLarge: () =>
      limitReached('MANIFEST_TOO_LARGE', `a manifest has at most ${most} bytes here`, {
        setting: 'limits.manifest-size',
        limit: most,
      }),
  })
}
