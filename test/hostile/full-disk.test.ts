import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { blob, type Content, config, contentOf, image, imageType, repository } from './content.ts'
import { storedFiles } from './data-directory.ts'
import { openUpload, pushBlob } from './fixture.ts'
import { canMount, type Mounted, mountMemory } from './mounted.ts'

const mebibyte = 1024 * 1024
/** Of the disk; what is pushed to fill it is larger. MiB. */
const room = 40
const large = contentOf(Buffer.alloc(64 * mebibyte, 'large'))

let disk: Mounted
let data: string
let server: RunningBerth

describe.skipIf(!(await canMount()))('a full disk', () => {
  beforeEach(async () => {
    data = await temporaryDirectory()
    disk = await mountMemory(data, room)
  })

  afterEach(async () => {
    // A server that did not start must not keep the disk mounted.
    await disk.unmount()
    await server.stop()
  })

  test('refuses a PUT that does not fit, keeps nothing of it, and goes on', async () => {
    server = await startBerth({ data, env: { BERTH_STORAGE_MIN_FREE: '0' } })
    const target = `${await openUpload(server.url)}?digest=${large.digest}`
    await expectRefused(await send('PUT', target, large))
    await expectGoesOn()
  }, 60_000)

  test('refuses a push in one request that does not fit, keeps nothing of it, and goes on', async () => {
    server = await startBerth({ data, env: { BERTH_STORAGE_MIN_FREE: '0' } })
    const target = `/v2/${repository}/blobs/uploads/?digest=${large.digest}`
    await expectRefused(await send('POST', target, large))
    await expectGoesOn()
  }, 60_000)

  test('refuses a PATCH that does not fit, keeps nothing of it, and goes on', async () => {
    server = await startBerth({ data, env: { BERTH_STORAGE_MIN_FREE: '0' } })
    await expectRefused(await send('PATCH', await openUpload(server.url), large))
    await expectGoesOn()
  }, 60_000)

  test('refuses a streamed PATCH that does not fit, keeps nothing of it, and goes on', async () => {
    server = await startBerth({ data, env: { BERTH_STORAGE_MIN_FREE: '0' } })
    const upload = await openUpload(server.url)
    const body = new Blob([large.bytes]).stream()
    await expectRefused(await fetch(server.url + upload, { method: 'PATCH', body }))
    await expectGoesOn()
  }, 60_000)

  test('keeps serving when somebody else filled the disk, and takes pushes again when there is room', async () => {
    server = await startBerth({ data, env: { BERTH_STORAGE_MIN_FREE: '0' } })
    await pushImage('before')
    await fillDisk()
    expect((await get('manifests/before')).status).toBe(200)
    expect((await get(`blobs/${blob.digest}`)).status).toBe(200)
    expect((await get('tags/list')).status).toBe(200)
    await expectRefused(await pushManifest('large', image({ annotations: { x: 'x'.repeat(3 * mebibyte) } })))
    expect((await get('manifests/large')).status).toBe(404)
    await rm(join(data, 'filler'))
    await pushImage('after')
    expect((await get('manifests/before')).status).toBe(200)
  }, 60_000)

  test('refuses uploads, and nothing else, below storage.min-free', async () => {
    server = await startBerth({ data })
    const refused = await fetch(`${server.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    expect(refused.status).toBe(507)
    await expectRefused(refused)
    await expectRefused(await send('POST', `/v2/${repository}/blobs/uploads/?digest=${blob.digest}`, blob))
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200)
    expect((await get('tags/list')).status).toBe(404)
    expect((await stat(data)).isDirectory()).toBe(true)
    expect(await storedFiles(data)).toEqual({ uploads: [], blobs: [] })
  })
})

function send(method: string, target: string, content: Content): Promise<Response> {
  return fetch(server.url + target, { method, body: content.bytes })
}

function get(path: string): Promise<Response> {
  return fetch(`${server.url}/v2/${repository}/${path}`)
}

function pushManifest(reference: string, body: string): Promise<Response> {
  return fetch(`${server.url}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'Content-Type': imageType },
    body,
  })
}

async function pushImage(tag: string): Promise<void> {
  for (const content of [blob, config]) await pushBlob(server.url, content)
  const response = await pushManifest(tag, image())
  expect(response.status, await response.text()).toBe(201)
}

/** Holds that the answer says, in the registry's words, that there is no room. */
async function expectRefused(response: Response): Promise<void> {
  const text = await response.text()
  expect([503, 507], text).toContain(response.status)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  const { errors } = JSON.parse(text) as { errors: { code: string; message: string }[] }
  expect(errors[0]?.code).toBeString()
  expect(errors[0]?.message).not.toBeEmpty()
}

/** Nothing half-written stays, and what fits is taken. */
async function expectGoesOn(): Promise<void> {
  await Bun.sleep(500)
  const { uploads, blobs } = await storedFiles(data)
  const sizes = await Promise.all(uploads.map(async (path) => (await stat(path)).size))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(0)
  expect(blobs).toEqual([])
  await pushImage('small')
  expect((await get('manifests/small')).status).toBe(200)
}

/** Fills the disk to its last block, as another program's log does. */
async function fillDisk(): Promise<void> {
  const path = join(data, 'filler')
  for (const size of [mebibyte, 65_536, 4096]) {
    for (let full = false; !full; ) {
      full = await writeFile(path, Buffer.alloc(size), { flag: 'a' }).then(
        () => false,
        () => true,
      )
    }
  }
}
