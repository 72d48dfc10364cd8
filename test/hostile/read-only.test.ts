import { describe, expect, test } from 'bun:test'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { blob, config, contentOf, image, imageType, repository } from './content.ts'
import { pushBlob } from './fixture.ts'
import { canMount, mountReadOnly } from './mounted.ts'

const asRoot = process.getuid?.() === 0

// Root may write anywhere: there the read-only mounts below stand for this.
if (!asRoot) {
  test('refuses to start on a directory that it may not write, and says so', async () => {
    const data = join(await temporaryDirectory(), 'data')
    await mkdir(data)
    await chmod(data, 0o555)
    await expectRefusal(data)
  })
}

describe.skipIf(!(await canMount()))('a file system that is read-only', () => {
  test('refuses to start on it, and says so', async () => {
    const data = await temporaryDirectory()
    await using _ = await mountReadOnly(data)
    await expectRefusal(data)
  })

  test('refuses to start on one that it wrote before, and says so', async () => {
    const data = await temporaryDirectory()
    const server = await startBerth({ data })
    await server.stop()
    await using _ = await mountReadOnly(data)
    await expectRefusal(data)
  })

  test('serves what it has when storage becomes read-only, and takes pushes again afterwards', async () => {
    const server = await startBerth()
    for (const content of [blob, config]) await pushBlob(server.url, content)
    const manifest = `${server.url}/v2/${repository}/manifests/latest`
    const headers = { 'Content-Type': imageType }
    const pushed = await fetch(manifest, { method: 'PUT', headers, body: image() })
    expect(pushed.status).toBe(201)

    await using uploadsMount = await mountReadOnly(join(server.data, 'uploads'))
    await using blobsMount = await mountReadOnly(join(server.data, 'blobs'))
    expect((await fetch(manifest)).status).toBe(200)
    const blobPath = `${server.url}/v2/${repository}/blobs/${blob.digest}`
    expect(contentOf(await (await fetch(blobPath)).bytes()).digest).toBe(blob.digest)
    const fresh = contentOf(Buffer.from('pushed while nothing can be written'))
    const uploads = `${server.url}/v2/${repository}/blobs/uploads/`
    const refused = await fetch(`${uploads}?digest=${fresh.digest}`, { method: 'POST', body: fresh.bytes })
    expect([503, 507], await refused.clone().text()).toContain(refused.status)
    expect(await refused.json()).toHaveProperty('errors.0.message')
    await uploadsMount.unmount()
    await blobsMount.unmount()

    await pushBlob(server.url, fresh)
    expect(await server.stop()).toBe(0)
  })
})

/** Holds that the server ends with 1 and a reason, without a stack trace. */
async function expectRefusal(data: string): Promise<void> {
  const started = startBerth({ data }).then(
    async (server) => {
      await server.stop()
      return 'it started'
    },
    (error: Error) => error.message,
  )
  const message = await started
  expect(message).toStartWith('berth ended with 1:')
  expect(message).toMatch(/read-only|not writable|may not write|permission/i)
  expect(message).toContain(data)
  expect(message).not.toMatch(/^\s+at .*:\d+:\d+/m)
}
