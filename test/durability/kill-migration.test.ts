import { beforeAll, expect, test } from 'bun:test'
import { temporaryDirectory } from '../support/berth.ts'
import { servedImage } from '../support/served-image.ts'
import { Random, seedOf } from './load/random.ts'
import { type OldRegistry, oldVersions, writeOldRegistry } from './old-registry.ts'
import { startServer } from './server.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
const random = new Random(seed)
/** Data directories for each version, and kills of each. */
const directories = 4
const kills = 3

/** Milliseconds until a server answers here: kills come within that. */
let start = 0

beforeAll(async () => {
  const begun = performance.now()
  const server = await startServer({ data: await temporaryDirectory() })
  await server.answering()
  start = performance.now() - begun
  await server.end('SIGKILL')
})

test.each(Array.from({ length: oldVersions }, (_, index) => index + 1))(
  'a server that is killed while it brings version %d of the tables up to date starts again with all of it',
  async (version) => {
    for (let count = 0; count < directories; count += 1) {
      const data = await temporaryDirectory()
      const old = await writeOldRegistry(data, { version, random })
      for (let killed = 0; killed < kills; killed += 1) {
        const server = await startServer({ data })
        await Bun.sleep(random.below(start))
        await server.end('SIGKILL')
      }
      await expectAllThere(data, old)
    }
  },
  60_000,
)

async function expectAllThere(data: string, { repository, images }: OldRegistry): Promise<void> {
  const server = await startServer({ data })
  try {
    await server.answering()
    for (const [number, image] of images.entries()) {
      const served = await servedImage(server.url, { repository, reference: String(number) })
      expect(served.digest).toBe(image.digest)
      expect(served.digests).toHaveLength(3)
    }
  } finally {
    await server.end('SIGKILL')
  }
}
