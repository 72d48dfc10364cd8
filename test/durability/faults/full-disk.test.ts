import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canMount, type Mounted, mountMemory } from '../../hostile/mounted.ts'
import { temporaryDirectory } from '../../support/berth.ts'
import { blobOf, type Manifest, newImage } from '../load/content.ts'
import { Random, seedOf } from '../load/random.ts'
import { ask, Refused } from '../load/requests.ts'
import { type Server, startServer } from '../server.ts'
import { Crew } from './crew.ts'

const mebibyte = 1024 * 1024
const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
const random = new Random(seed)

describe.skipIf(!(await canMount()))('a disk that fills up', () => {
  let data: string
  let disk: Mounted
  let server: Server

  beforeEach(async () => {
    data = await temporaryDirectory()
    disk = await mountMemory(data, 64)
  })

  afterEach(async () => {
    // A server that did not start must not keep the disk mounted.
    await disk.unmount()
    await server.end('SIGKILL')
  })

  async function start(minFree: string): Promise<void> {
    server = await startServer({
      data,
      env: {
        BERTH_STORAGE_MIN_FREE: minFree,
        BERTH_GC_INTERVAL: '100ms',
        BERTH_GC_GRACE: '200ms',
        BERTH_GC_KEEP_OBJECTS: '0s',
        BERTH_TRASH_RETENTION: '0s',
      },
    })
    await server.answering()
  }

  test('deletion and collection go on below storage.min-free, and make room for pushes', async () => {
    await start('24MiB')
    const images: Manifest[] = []
    for (;;) {
      const image = newImage({ name: `filler ${images.length}`, layers: [blobOf(random.bytes(mebibyte))] })
      if (!(await pushed(image))) break
      images.push(image)
      expect(images.length).toBeLessThan(64)
    }
    expect(images.length).toBeGreaterThan(10)
    for (const { digest } of images) await ask(manifestUrl(digest), { method: 'DELETE', expect: [202] })
    const deadline = Date.now() + 20_000
    const again = newImage({ name: 'again', layers: [blobOf(random.bytes(4 * mebibyte))] })
    while (!(await pushed(again))) {
      expect(Date.now()).toBeLessThan(deadline)
      await Bun.sleep(200)
    }
    expect((await latest()).body).toEqual(again.bytes)
  }, 60_000)

  test('loses nothing when there is no block left, and everything goes on when there is', async () => {
    await start('0')
    const place = { url: server.url, grace: 0 }
    const full = ({ status }: Refused) => status === 507 || status === 503
    const crew = new Crew({ seed, clients: 4, tolerates: full })
    await crew.work(place, 1)
    await fill(data)
    await crew.work(place, 1.5)
    await crew.look(place)
    expect(crew.tally.failures).toEqual([])
    // Also for a server that was killed meanwhile, as soon as there is room to start in.
    await server.end('SIGKILL')
    await rm(join(data, 'filler'))
    await start('0')
    const later = { url: server.url, grace: 0 }
    await crew.look(later)
    const before = crew.tally.pushes
    await crew.work(later, 0.5)
    await crew.look(later)
    expect(crew.tally.failures).toEqual([])
    expect(crew.tally.pushes).toBeGreaterThan(before)
  }, 60_000)

  /** @returns false where the registry has no room for it */
  async function pushed(image: Manifest): Promise<boolean> {
    try {
      for (const { digest, bytes } of image.blobs) {
        const target = `${server.url}/v2/full/blobs/uploads/?digest=${digest}`
        await ask(target, { method: 'POST', body: bytes, expect: [201] })
      }
      const headers = { 'Content-Type': image.mediaType }
      await ask(manifestUrl('latest'), { method: 'PUT', headers, body: image.bytes, expect: [201] })
      return true
    } catch (error) {
      if (error instanceof Refused && error.status === 507) return false
      throw error
    }
  }

  function manifestUrl(reference: string): string {
    return `${server.url}/v2/full/manifests/${reference}`
  }

  const latest = () => ask(manifestUrl('latest'), { expect: [200] })
})

/** To the last block, as another program's log does. */
async function fill(directory: string): Promise<void> {
  for (const size of [mebibyte, 65_536, 4096]) {
    for (;;) {
      const { bavail, bsize } = await statfs(directory)
      if (bavail * bsize < size) break
      const grown = writeFile(join(directory, 'filler'), Buffer.alloc(size), { flag: 'a' })
      if (
        await grown.then(
          () => false,
          () => true,
        )
      )
        break
    }
  }
}
