import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, removeDirectory, startBerth, temporaryDirectory } from '../support/berth.ts'
import { blob, type Content, config, emptyBlob, imageType, repository, tagged } from './content.ts'

/** A running server with an image in it. */
export interface Fixture {
  readonly server: RunningBerth
  /** The outermost of the directories around the data, which nothing but the data directory may ever be in. */
  readonly surroundings: string
  /** Opens an upload, and resolves with its path. */
  upload(inRepository?: string): Promise<string>
  get(path: string, method?: string): Promise<Response>
  /** Ends the server, and removes what it stored. Resolves with its exit code. */
  stop(): Promise<number>
}

/** Starts a server whose data lies three directories deep, so that a way out of it would show. */
export async function startFixture(env: Record<string, string> = {}): Promise<Fixture> {
  const surroundings = await temporaryDirectory()
  const data = join(surroundings, 'outer/inner/data')
  await mkdir(data, { recursive: true })
  const server = await startBerth({ data, env })
  for (const content of [blob, emptyBlob, config]) await pushBlob(server.url, content)
  await expectStatus(
    await fetch(`${server.url}/v2/${repository}/manifests/latest`, {
      method: 'PUT',
      headers: { 'Content-Type': imageType },
      body: tagged.bytes,
    }),
    201,
  )
  return {
    server,
    surroundings,
    upload: (inRepository = repository) => openUpload(server.url, inRepository),
    get: (path, method = 'GET') => fetch(`${server.url}${path}`, { method }),
    async stop() {
      const code = await server.stop()
      await removeDirectory(surroundings)
      return code
    },
  }
}

/** Opens an upload, and resolves with its path and query. */
export async function openUpload(url: string, inRepository = repository): Promise<string> {
  const response = await fetch(`${url}/v2/${inRepository}/blobs/uploads/`, { method: 'POST' })
  await expectStatus(response, 202)
  const location = new URL(response.headers.get('location') ?? '', url)
  return `${location.pathname}${location.search}`
}

/** Pushes a blob as most clients do: POST, then PUT with all of it. */
export async function pushBlob(url: string, content: Content, inRepository = repository): Promise<void> {
  await expectStatus(await finishUpload(url, await openUpload(url, inRepository), content), 201)
}

/** Ends an upload with what is left of the content; refused (416) where it is not at `from`. */
export function finishUpload(url: string, upload: string, content: Content, from = 0): Promise<Response> {
  const target = `${upload}${upload.includes('?') ? '&' : '?'}digest=${content.digest}`
  const rest = content.bytes.slice(from)
  const range = { 'Content-Range': `${from}-${content.bytes.length - 1}` }
  return fetch(url + target, { method: 'PUT', headers: rest.length > 0 ? range : {}, body: rest })
}

export async function expectStatus(response: Response, status: number): Promise<void> {
  const text = await response.text()
  if (response.status !== status) throw new Error(`${response.url} answered ${response.status}: ${text}`)
}
