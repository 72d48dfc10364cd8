import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { digestOf } from '../../src/oci/digest.ts'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { flipByte, objectFile, verify } from '../support/damage.ts'
import {
  blobUrl,
  bytesOf,
  manifestUrl,
  openUpload,
  pushBlob,
  pushImage,
  putManifest,
  type Remote,
} from '../support/push.ts'

interface Refusal {
  readonly errors: readonly { readonly code: string; readonly message: string; readonly detail: unknown }[]
}

let berth: RunningBerth
let names = 0

beforeAll(async () => {
  berth = await startBerth({ args: ['--storage-cache', '0', '--scrub-rate', '0', '--log-level', 'warn'] })
})

afterAll(async () => {
  await berth.stop()
})

/** A repository of its own for each test, on the one server. */
function remote(): Remote {
  names += 1
  return { url: berth.url, repository: `damage/test-${names}` }
}

function mountUrl(to: Remote, { digest, from }: { digest: string; from: Remote }): string {
  return `${to.url}/v2/${to.repository}/blobs/uploads/?mount=${digest}&from=${from.repository}`
}

/** An image whose layer is shared with another repository, and damaged in one byte. */
async function damagedImage() {
  const at = remote()
  const content = `layer of ${at.repository} `.repeat(5000)
  const image = await pushImage(at, { content, reference: '1.0' })
  const layer = digestOf(bytesOf(content))
  const sharer = remote()
  const mounted = await fetch(mountUrl(sharer, { digest: layer, from: at }), { method: 'POST' })
  expect(mounted.status).toBe(201)
  await flipByte(objectFile(berth.data, layer), 50_001)
  return { at, sharer, image, layer, content: bytesOf(content) }
}

async function expectSound(): Promise<void> {
  const { exitCode, report } = await verify(berth.data)
  expect(report.findings).toEqual([])
  expect(exitCode).toBe(0)
}

async function expectWhole(at: Remote, content: Uint8Array): Promise<void> {
  const answer = await fetch(blobUrl(at, digestOf(content)))
  expect(answer.status).toBe(200)
  expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true)
}

describe('a blob in which one byte was turned around', () => {
  test('is found, told with the images that it is part of, and kept from everyone', async () => {
    const { at, sharer, layer, image } = await damagedImage()
    const { exitCode, report } = await verify(berth.data)
    expect(exitCode).toBe(1)
    expect(report.sound).toBe(false)
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'damaged',
        digest: layer,
        quarantined: true,
        usedBy: [`${at.repository}:1.0`],
        reason: expect.stringContaining('has the digest sha256:'),
      }),
    ])
    for (const holder of [at, sharer]) {
      const pull = await fetch(blobUrl(holder, layer))
      expect(pull.status).toBe(404)
      const { errors } = (await pull.json()) as Refusal
      expect(errors[0]).toMatchObject({ code: 'BLOB_UNKNOWN', detail: { digest: layer, damaged: true } })
      expect(errors[0]?.message).toContain(layer)
      expect(errors[0]?.message).toContain('pushing it again heals it')
      expect((await fetch(blobUrl(holder, layer), { method: 'HEAD' })).status).toBe(404)
      const ranged = await fetch(blobUrl(holder, layer), { headers: { Range: 'bytes=0-9' } })
      expect(ranged.status).toBe(404)
    }
    const third = remote()
    const mount = await fetch(mountUrl(third, { digest: layer, from: at }), { method: 'POST' })
    expect(mount.status).toBe(202)
    const again = await fetch(manifestUrl(at, '1.1'), {
      method: 'PUT',
      body: image.manifest,
      headers: { 'Content-Type': JSON.parse(image.manifest).mediaType },
    })
    expect(again.status).toBe(404)
    expect(((await again.json()) as Refusal).errors[0]).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
      detail: { digest: layer },
    })
    expect((await verify(berth.data)).report.counts).toMatchObject({ damaged: 1 })
    expect(berth.output()).toContain(`the stored bytes of the blob ${layer} are damaged or lost`)
    await pushBlob(at, bytesOf(`layer of ${at.repository} `.repeat(5000)))
    await expectSound()
  })

  const ways: Record<
    string,
    (at: Remote, from: Remote, content: Uint8Array<ArrayBuffer>) => Promise<Response>
  > = {
    'in one POST': async ({ url, repository }, _, content) =>
      fetch(`${url}/v2/${repository}/blobs/uploads/?digest=${digestOf(content)}`, {
        method: 'POST',
        body: content,
      }),
    'in a PUT': async (at, _, content) =>
      fetch(`${await openUpload(at)}?digest=${digestOf(content)}`, { method: 'PUT', body: content }),
    'in chunks': async (at, _, content) => {
      const location = await openUpload(at)
      await fetch(location, { method: 'PATCH', body: content.slice(0, 60_000) })
      await fetch(location, { method: 'PATCH', body: content.slice(60_000) })
      return fetch(`${location}?digest=${digestOf(content)}`, { method: 'PUT' })
    },
    'with the last chunk in the PUT': async (at, _, content) => {
      const location = await openUpload(at)
      await fetch(location, { method: 'PATCH', body: content.slice(0, 60_000) })
      return fetch(`${location}?digest=${digestOf(content)}`, { method: 'PUT', body: content.slice(60_000) })
    },
    'in the upload that a refused mount opened': async (at, from, content) => {
      const mount = await fetch(mountUrl(at, { digest: digestOf(content), from }), { method: 'POST' })
      expect(mount.status).toBe(202)
      const location = new URL(mount.headers.get('location') ?? '', at.url).href
      return fetch(`${location}?digest=${digestOf(content)}`, { method: 'PUT', body: content })
    },
  }
  for (const [way, push] of Object.entries(ways)) {
    test(`is healed by a push ${way}, for every repository that holds it`, async () => {
      const { at, sharer, image, content } = await damagedImage()
      expect((await verify(berth.data)).exitCode).toBe(1)
      const pusher = remote()
      const pushed = await push(pusher, at, content)
      expect(pushed.status).toBe(201)
      for (const holder of [at, sharer, pusher]) await expectWhole(holder, content)
      await putManifest(at, '1.1', image.manifest)
      await expectSound()
    })
  }

  test('is not healed by bytes that are wrong again', async () => {
    const { at, layer, content } = await damagedImage()
    await verify(berth.data)
    const wrong = content.slice()
    wrong[3] = (wrong[3] ?? 0) ^ 1
    const answer = await fetch(`${await openUpload(at)}?digest=${layer}`, { method: 'PUT', body: wrong })
    expect(answer.status).toBe(400)
    expect((await fetch(blobUrl(at, layer))).status).toBe(404)
    await pushBlob(at, content)
    await expectWhole(at, content)
  })

  test('is released by the next run when its bytes are right again', async () => {
    const { at, layer, content } = await damagedImage()
    await verify(berth.data)
    await flipByte(objectFile(berth.data, layer), 50_001)
    expect((await fetch(blobUrl(at, layer))).status).toBe(404)
    const { exitCode, report } = await verify(berth.data)
    expect({ exitCode, findings: report.findings }).toEqual({
      exitCode: 0,
      findings: [{ kind: 'released', digest: layer }],
    })
    await expectWhole(at, content)
  })

  test('is only reported with --no-quarantine', async () => {
    const { at, layer, content } = await damagedImage()
    const { exitCode, report } = await verify(berth.data, '--no-quarantine')
    expect(exitCode).toBe(1)
    expect(report.findings).toMatchObject([{ kind: 'damaged', digest: layer, quarantined: false }])
    expect((await fetch(blobUrl(at, layer))).status).toBe(200)
    await flipByte(objectFile(berth.data, layer), 50_001)
    await expectWhole(at, content)
  })

  test('is found with its repository alone, and not with another', async () => {
    const { at, sharer, layer, content } = await damagedImage()
    const other = remote()
    await pushImage(other, { content: 'something else' })
    expect((await verify(berth.data, '--repository', other.repository)).exitCode).toBe(0)
    for (const { repository } of [at, sharer]) {
      const { exitCode, report } = await verify(berth.data, '--repository', repository)
      expect(exitCode).toBe(1)
      expect(report.findings).toMatchObject([{ kind: 'damaged', digest: layer }])
      expect(report.checked.stored).toBeNull()
    }
    await pushBlob(at, content)
  })

  test('is told to people with what to do', async () => {
    const { at, layer, content } = await damagedImage()
    const { stdout, exitCode } = await attempt(`${import.meta.dir}/../../bin/berth`, [
      'verify',
      '--data',
      berth.data,
    ])
    expect(exitCode).toBe(1)
    for (const words of ['Damaged blobs', layer, `part of ${at.repository}:1.0`, 'Push the images'])
      expect(stdout).toContain(words)
    await pushBlob(at, content)
  })
})

describe('a blob whose bytes are gone', () => {
  async function lostImage() {
    const at = remote()
    const content = bytesOf(`lost layer of ${at.repository}`)
    await pushImage(at, { content: new TextDecoder().decode(content) })
    await rm(objectFile(berth.data, digestOf(content)))
    return { at, content, layer: digestOf(content) }
  }

  test('is healed by the push that follows, even before anybody noticed', async () => {
    const { at, content } = await lostImage()
    await pushBlob(at, content)
    await expectWhole(at, content)
    await expectSound()
  })

  test('is no blob to a HEAD and nothing to mount, even before anybody noticed', async () => {
    const { at, content, layer } = await lostImage()
    expect((await fetch(blobUrl(at, layer), { method: 'HEAD' })).status).toBe(404)
    const other = remote()
    const mount = await fetch(mountUrl(other, { digest: layer, from: at }), { method: 'POST' })
    expect(mount.status).toBe(202)
    await pushBlob(other, content)
    await expectWhole(at, content)
  })

  test('is found, and healed by a push', async () => {
    const { at, content, layer } = await lostImage()
    const { exitCode, report } = await verify(berth.data)
    expect(exitCode).toBe(1)
    expect(report.findings).toMatchObject([{ kind: 'missing', digest: layer, quarantined: true }])
    await pushBlob(at, content)
    await expectWhole(at, content)
    await expectSound()
  })

  test('is damaged when only a part of it is left', async () => {
    const at = remote()
    const content = bytesOf(`cut short in ${at.repository}`)
    await pushBlob(at, content)
    await Bun.write(objectFile(berth.data, digestOf(content)), content.slice(0, 5))
    const { report } = await verify(berth.data)
    expect(report.findings).toMatchObject([
      { kind: 'damaged', reason: `has 5 bytes instead of ${content.length}`, usedBy: [] },
    ])
    await pushBlob(at, content)
    await expectSound()
  })
})
