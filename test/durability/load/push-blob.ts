import type { Blob as Content } from './content.ts'
import type { Random } from './random.ts'
import { ask } from './requests.ts'

/** How a blob got into a repository. */
export type BlobPath = 'skipped' | 'mounted' | 'single' | 'monolithic' | 'chunked'

/** An upload that was opened and never ended. */
export interface OpenUpload {
  readonly location: string
  readonly repository: string
  readonly blob: Content
}

export interface BlobPush {
  readonly url: string
  readonly repository: string
  readonly blob: Content
  readonly random: Random
  /** Repositories that may hold it. */
  readonly sources: readonly string[]
  /** Told of an upload as it is opened, and when it ended. */
  readonly opened: (upload: OpenUpload) => void
  readonly closed: (upload: OpenUpload) => void
}

/** As docker does it: ask, mount, upload. @throws Unanswered, Refused */
export async function pushBlob(push: BlobPush): Promise<BlobPath> {
  const { url, repository, blob, random } = push
  const asked = await ask(`${url}/v2/${repository}/blobs/${blob.digest}`, {
    method: 'HEAD',
    expect: [200, 404],
  })
  if (asked.status === 200) return 'skipped'
  const way = random.weighted({ mount: 3, single: 2, upload: 4 })
  if (way === 'single') return pushAtOnce(push)
  const location = way === 'mount' ? await mountOrOpen(push) : await open(push, '')
  return location === undefined ? 'mounted' : upload(push, location)
}

async function pushAtOnce({ url, repository, blob }: BlobPush): Promise<BlobPath> {
  const target = `${url}/v2/${repository}/blobs/uploads/?digest=${blob.digest}`
  await ask(target, { method: 'POST', body: blob.bytes, expect: [201] })
  return 'single'
}

/** @returns the location of an upload; undefined where the mount did it */
async function mountOrOpen(push: BlobPush): Promise<string | undefined> {
  const others = push.sources.filter((source) => source !== push.repository)
  const source = push.random.chance(0.2) ? undefined : push.random.pick(others)
  return open(push, `?mount=${push.blob.digest}${source ? `&from=${source}` : ''}`)
}

async function open({ url, repository }: BlobPush, query: string): Promise<string | undefined> {
  const answer = await ask(`${url}/v2/${repository}/blobs/uploads/${query}`, {
    method: 'POST',
    expect: query === '' ? [202] : [201, 202],
  })
  return answer.status === 201 ? undefined : (answer.headers.get('location') ?? '')
}

async function upload(push: BlobPush, location: string): Promise<BlobPath> {
  const { url, repository, blob, random } = push
  const session = { location, repository, blob }
  push.opened(session)
  const close = `${url}${location}?digest=${blob.digest}`
  if (random.chance(0.4)) {
    await ask(close, { method: 'PUT', body: blob.bytes, expect: [201] })
    push.closed(session)
    return 'monolithic'
  }
  const whole = random.chance(0.5)
  // The last bytes may come with the closing request.
  const chunks = random.between(1, 3)
  const step = Math.max(1, Math.ceil(blob.bytes.length / chunks))
  let at = 0
  while (at < blob.bytes.length && (whole || at + step < blob.bytes.length)) {
    const body = blob.bytes.slice(at, at + step)
    await ask(url + location, {
      method: 'PATCH',
      body: random.chance(0.5) ? body : streamed(body),
      expect: [202],
    })
    at += body.length
  }
  await ask(close, { method: 'PUT', body: blob.bytes.slice(at), expect: [201] })
  push.closed(session)
  return 'chunked'
}

/** Sent in chunks without a length, as docker does. */
function streamed(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream()
}

/**
 * Goes on with an upload that a crash interrupted, as its status says.
 * @returns how it ended: refused clearly, or finished. @throws Unanswered, Refused
 */
export async function resumeUpload(url: string, upload: OpenUpload): Promise<'finished' | 'refused'> {
  const { location, blob } = upload
  const status = await ask(url + location, { expect: [204, 404] })
  if (status.status === 404) return 'refused'
  const last = Number(/^0-(\d+)$/.exec(status.headers.get('range') ?? '')?.[1])
  // An empty upload says 0-0, and so does one of a single byte.
  for (const from of last === 0 ? [0, 1] : [last + 1]) {
    const rest = blob.bytes.slice(from)
    const headers: Record<string, string> =
      rest.length > 0 ? { 'Content-Range': `${from}-${blob.bytes.length - 1}` } : {}
    const closing = { method: 'PUT', headers, body: rest, expect: [201, 404, 416] }
    const answer = await ask(`${url}${location}?digest=${blob.digest}`, closing)
    if (answer.status === 201) return 'finished'
  }
  return 'refused'
}
