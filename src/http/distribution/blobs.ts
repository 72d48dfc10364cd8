import { type Digest, parseDigest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { deleteBlob, openBlob, statBlob } from '../../registry/blobs.ts'
import { callOf, type Exchange } from '../exchange.ts'
import { apiVersion, clientHas, etag, immutable } from '../headers.ts'

export async function getBlob(
  exchange: Exchange,
  repository: RepositoryName,
  text: string,
): Promise<Response> {
  const digest = parseDigest(text)
  const { request, registry } = exchange
  const call = { ...callOf(exchange, repository), digest }
  const fixed = blobHeaders(digest)
  if (request.method === 'HEAD') {
    const size = await statBlob(registry, call)
    if (clientHas(request, digest)) return notModified(fixed)
    return new Response(null, { headers: { ...fixed, 'Content-Length': String(size) } })
  }
  const { size, range, body } = await openBlob(registry, { ...call, range: rangeOf(request, digest) })
  if (clientHas(request, digest)) return notModified(fixed)
  exchange.allowSlowness()
  exchange.sent = range ? range.last - range.first + 1 : size
  const content = body.kind === 'bytes' ? body.bytes : fileOf(body.path, body.range)
  if (!range) return new Response(content as Uint8Array<ArrayBuffer> | Blob, { headers: fixed })
  const headers = { ...fixed, 'Content-Range': `bytes ${range.first}-${range.last}/${size}` }
  return new Response(content as Uint8Array<ArrayBuffer> | Blob, { status: 206, headers })
}

export async function removeBlob(
  exchange: Exchange,
  repository: RepositoryName,
  text: string,
): Promise<Response> {
  const digest = parseDigest(text)
  await deleteBlob(exchange.registry, { ...callOf(exchange, repository), digest })
  return new Response(null, { status: 202, headers: { ...apiVersion, 'Content-Length': '0' } })
}

/** A blob is bytes to every client, and never something that a browser runs. */
function blobHeaders(digest: Digest): Record<string, string> {
  return {
    ...apiVersion,
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': 'attachment',
    'X-Content-Type-Options': 'nosniff',
    'Docker-Content-Digest': digest,
    ETag: etag(digest),
    'Accept-Ranges': 'bytes',
    'Cache-Control': immutable,
  }
}

/** If-Range with another validator asks for the whole (RFC 9110, 13.1.5). */
function rangeOf(request: Request, digest: Digest): string | null {
  const range = request.headers.get('range')
  if (!range) return null
  const validator = request.headers.get('if-range')
  return validator && validator.trim() !== etag(digest) ? null : range
}

function fileOf(path: string, range: { first: number; last: number } | undefined): Blob {
  const file = Bun.file(path)
  return range ? file.slice(range.first, range.last + 1) : file
}

function notModified(headers: Record<string, string>): Response {
  const { 'Content-Type': _type, 'Content-Disposition': _disposition, ...rest } = headers
  return new Response(null, { status: 304, headers: rest })
}
