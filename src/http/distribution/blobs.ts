import type { BlobBody } from '../../blobs/blob-store.ts'
import type { StoredBlob } from '../../metadata/metadata-store.ts'
import { type Digest, parseDigest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { deleteBlob, type OpenedBlob, openBlob, statBlob } from '../../registry/blobs.ts'
import { auditPull } from '../audit.ts'
import { callOf, type Exchange } from '../exchange.ts'
import { apiVersion, clientHas, etag, headersPerObject, immutable } from '../headers.ts'

export async function getBlob(
  exchange: Exchange,
  repository: RepositoryName,
  text: string,
): Promise<Response> {
  const digest = parseDigest(text)
  const { request, registry } = exchange
  const call = { ...callOf(exchange, repository), digest }
  if (request.method === 'HEAD') {
    const blob = await statBlob(registry, call)
    const headers = blobHeaders(blob)
    if (clientHas(request, digest)) return notModified(headers)
    const response = new Response(null, { headers })
    response.headers.set('Content-Length', String(blob.size))
    return response
  }
  const { client } = exchange
  const opened = await openBlob(registry, { ...call, range: rangeOf(request, digest), client })
  auditPull(exchange, { action: 'blob:pull', repository, digest })
  const headers = blobHeaders(opened.blob)
  if (clientHas(request, digest)) {
    await leave(opened)
    return notModified(headers)
  }
  if ('address' in opened) return elsewhere(opened.address)
  const { blob, range, body } = opened
  // What fits into the kernel's buffers is sent at once.
  if (body.kind !== 'bytes') exchange.allowSlowness(body.kind === 'file' ? 'sent' : 'streamed')
  exchange.sent = range ? range.last - range.first + 1 : blob.size
  if (!range && body.kind !== 'stream') return new Response(contentOf(body), { headers })
  const response = new Response(contentOf(body), { status: range ? 206 : 200, headers })
  // Bun 1.4 sends streams in chunks and without a length, whatever stands here; one that breaks has no last chunk.
  if (body.kind === 'stream') response.headers.set('Content-Length', String(exchange.sent))
  if (range) response.headers.set('Content-Range', `bytes ${range.first}-${range.last}/${blob.size}`)
  return response
}

function contentOf(body: BlobBody): Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array<ArrayBuffer>> {
  switch (body.kind) {
    case 'bytes':
      return body.bytes as Uint8Array<ArrayBuffer>
    case 'file':
      return fileOf(body.path, body.range)
    case 'stream':
      return body.stream
  }
}

/** The address holds for a short while, and for whoever has it. */
function elsewhere(address: string): Response {
  return new Response(null, {
    status: 307,
    headers: {
      ...apiVersion,
      Location: address,
      'Cache-Control': 'private, no-store',
      'Content-Length': '0',
    },
  })
}

/** Nobody reads what was opened. */
async function leave(opened: OpenedBlob): Promise<void> {
  if ('body' in opened && opened.body.kind === 'stream') await opened.body.stream.cancel()
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
const blobHeaders = headersPerObject(({ digest }: StoredBlob) => ({
  ...apiVersion,
  'Content-Type': 'application/octet-stream',
  'Content-Disposition': 'attachment',
  'X-Content-Type-Options': 'nosniff',
  'Docker-Content-Digest': digest,
  ETag: etag(digest),
  'Accept-Ranges': 'bytes',
  'Cache-Control': immutable,
}))

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

function notModified(headers: Headers): Response {
  const response = new Response(null, { status: 304, headers })
  response.headers.delete('Content-Type')
  response.headers.delete('Content-Disposition')
  return response
}
