import { networkOf } from '../../access/sign-in/addresses.ts'
import { type ByteRange, parseContentRange } from '../../oci/byte-range.ts'
import { type DigestAlgorithm, digestAlgorithms, isDigestAlgorithm, parseDigest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { isRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { mountBlob } from '../../registry/blobs.ts'
import { appendToUpload } from '../../registry/uploads/append.ts'
import { finishUpload, uploadAtOnce } from '../../registry/uploads/finish.ts'
import { startUpload } from '../../registry/uploads/start.ts'
import { cancelUpload, uploadStatus } from '../../registry/uploads/status.ts'
import { uploadBody } from '../body.ts'
import { callOf, type Exchange, parameters } from '../exchange.ts'
import { apiVersion } from '../headers.ts'

export async function postUpload(exchange: Exchange, repository: RepositoryName): Promise<Response> {
  const query = parameters(exchange)
  const mount = query.get('mount')
  if (mount !== null && (await mounted(exchange, repository, mount, query.get('from')))) {
    return blobCreated(repository, mount)
  }
  const { registry } = exchange
  const call = callOf(exchange, repository)
  const opener = openerOf(exchange)
  const digest = query.get('digest')
  if (digest !== null) {
    const parsed = parseDigest(digest)
    const body = uploadBody(exchange)
    const length = contentLength(exchange.request)
    await uploadAtOnce(registry, { ...call, body, length, digest: parsed, opener })
    return blobCreated(repository, parsed)
  }
  const algorithm = algorithmOf(query.get('digest-algorithm'))
  const id = await startUpload(registry, { ...call, algorithm, opener })
  return accepted(repository, id, 0)
}

export async function patchUpload(
  exchange: Exchange,
  repository: RepositoryName,
  id: string,
): Promise<Response> {
  const chunk = chunkOf(exchange, id)
  const { offset } = await appendToUpload(exchange.registry, { ...callOf(exchange, repository), ...chunk })
  return accepted(repository, id, offset)
}

export async function putUpload(
  exchange: Exchange,
  repository: RepositoryName,
  id: string,
): Promise<Response> {
  const text = parameters(exchange).get('digest')
  if (text === null) {
    throw new RegistryError(
      'DIGEST_INVALID',
      'closing an upload takes the parameter digest: what the whole must be',
    )
  }
  const digest = parseDigest(text)
  const chunk = chunkOf(exchange, id)
  await finishUpload(exchange.registry, { ...callOf(exchange, repository), ...chunk, digest })
  return blobCreated(repository, digest)
}

export async function getUpload(
  exchange: Exchange,
  repository: RepositoryName,
  id: string,
): Promise<Response> {
  const offset = await uploadStatus(exchange.registry, { ...callOf(exchange, repository), id })
  return new Response(null, { status: 204, headers: uploadHeaders(repository, id, offset) })
}

export async function deleteUpload(
  exchange: Exchange,
  repository: RepositoryName,
  id: string,
): Promise<Response> {
  await cancelUpload(exchange.registry, { ...callOf(exchange, repository), id })
  return new Response(null, { status: 204, headers: apiVersion })
}

/** Whose open uploads are counted together. */
function openerOf({ identity, client }: Exchange): string {
  return 'id' in identity ? `${identity.kind}:${identity.id}` : `address:${networkOf(client())}`
}

async function mounted(
  exchange: Exchange,
  repository: RepositoryName,
  digest: string,
  source: string | null,
): Promise<boolean> {
  // A source that can't exist is one that is not there: an ordinary upload follows.
  if (source !== null && !isRepositoryName(source)) return false
  return mountBlob(exchange.registry, {
    repository,
    digest: parseDigest(digest),
    from: source ?? undefined,
    mayRead: async (from) => (await exchange.decide(exchange.identity, 'repository:pull', from)).allow,
  })
}

function algorithmOf(hint: string | null): DigestAlgorithm {
  if (hint === null) return 'sha256'
  if (isDigestAlgorithm(hint)) return hint
  throw new RegistryError(
    'DIGEST_INVALID',
    `digest-algorithm must be one of ${digestAlgorithms.join(', ')}`,
    {
      detail: { algorithm: hint.slice(0, 100) },
    },
  )
}

function chunkOf(exchange: Exchange, id: string) {
  const { request } = exchange
  return { id, body: uploadBody(exchange), length: contentLength(request), range: contentRange(request) }
}

function contentLength(request: Request): number | undefined {
  const header = request.headers.get('content-length')
  if (header === null) return request.body ? undefined : 0
  const length = Number(header)
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined
}

function contentRange(request: Request): ByteRange | undefined {
  const header = request.headers.get('content-range')
  if (header === null) return undefined
  const range = parseContentRange(header)
  if (range) return range
  throw new RegistryError(
    'BLOB_UPLOAD_INVALID',
    'Content-Range of a chunk is FIRST-LAST, in bytes, without a unit',
    {
      detail: { contentRange: header.slice(0, 100) },
    },
  )
}

function accepted(repository: RepositoryName, id: string, offset: number): Response {
  return new Response(null, {
    status: 202,
    headers: { ...uploadHeaders(repository, id, offset), 'Content-Length': '0' },
  })
}

/** Relative locations hold behind every proxy. An empty upload says 0-0, as clients expect. */
function uploadHeaders(repository: RepositoryName, id: string, offset: number): Record<string, string> {
  return {
    ...apiVersion,
    Location: `/v2/${repository}/blobs/uploads/${id}`,
    'Docker-Upload-UUID': id,
    Range: `0-${Math.max(0, offset - 1)}`,
  }
}

function blobCreated(repository: RepositoryName, digest: string): Response {
  return new Response(null, {
    status: 201,
    headers: {
      ...apiVersion,
      Location: `/v2/${repository}/blobs/${digest}`,
      'Docker-Content-Digest': digest,
      'Content-Length': '0',
    },
  })
}
