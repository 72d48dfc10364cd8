import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../support/berth.ts'
import { requireHere } from '../../support/require.ts'
import { blobOf } from '../load/content.ts'
import { seedOf } from '../load/random.ts'
import { ask, type Refused } from '../load/requests.ts'
import { type Server, startServer } from '../server.ts'
import { objectsInFiles } from '../stored-objects.ts'
import { Crew } from './crew.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)
/** Debian's package puts it beside the libraries of its architecture. */
const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find(existsSync)

const canFakeTime = requireHere('a clock that jumps', library ? [] : ['not installed: faketime'])

/** A server whose wall clock is set at will, while its monotonic one goes on. */
interface ClockedServer extends Server {
  readonly data: string
  /** @param offset from the true time, as faketime takes it: `+2h`, `-1d` */
  setClock(offset: string): Promise<void>
}

async function startClocked(env: Record<string, string>): Promise<ClockedServer> {
  const data = await temporaryDirectory()
  const file = join(await temporaryDirectory(), 'offset')
  await writeFile(file, '+0')
  const clock = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // It looks into the file that often. Seconds.
    FAKETIME_CACHE_DURATION: '1',
  }
  const server = await startServer({ data, env: { ...clock, ...env } })
  await server.answering()
  return { ...server, data, setClock: (offset) => writeFile(file, offset) }
}

/** The lines of the log that say that the clock was set. */
const warnings = (server: Server) => server.output().match(/the clock was set/g)?.length ?? 0

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come true in time')
    await Bun.sleep(10)
  }
}

describe.skipIf(!canFakeTime)('a clock that jumps', () => {
  test('is noticed, and nothing is removed in that run', async () => {
    const server = await startClocked({
      BERTH_GC_INTERVAL: '2s',
      BERTH_GC_GRACE: '1h',
      BERTH_GC_KEEP_OBJECTS: '1h',
    })
    try {
      const unused = blobOf(new TextEncoder().encode('no manifest refers to it'))
      const target = `${server.url}/v2/clock/blobs/uploads/?digest=${unused.digest}`
      await ask(target, { method: 'POST', body: unused.bytes, expect: [201] })
      // A run before the jump, to compare with.
      await Bun.sleep(2500)
      await server.setClock('+3h')
      await until(() => warnings(server) > 0)
      expect(await objectsInFiles(server.data).list()).toHaveLength(1)
      const present = await ask(`${server.url}/v2/clock/blobs/${unused.digest}`, { expect: [200] })
      expect(present.body).toEqual(unused.bytes)
    } finally {
      await server.end('SIGTERM')
    }
  }, 60_000)

  test('loses nothing that was acknowledged, and holds up no push, forwards and backwards', async () => {
    const server = await startClocked({
      BERTH_GC_INTERVAL: '50ms',
      BERTH_GC_GRACE: '1h',
      BERTH_GC_KEEP_OBJECTS: '0s',
      BERTH_TRASH_RETENTION: '1h',
    })
    try {
      // What is due by the new time may go from the second run on, open uploads too: no promise holds.
      const place = { url: server.url, grace: 0 }
      const expired = ({ code }: Refused) => code === 'BLOB_UPLOAD_UNKNOWN'
      const crew = new Crew({ seed, tolerates: expired })
      await crew.work(place, 1)
      for (const offset of ['+2d', '-5d', '+400d', '+1h']) {
        const [pushes, told] = [crew.tally.pushes, warnings(server)]
        await server.setClock(offset)
        await crew.work(place, 2)
        await crew.look(place)
        expect(crew.tally.failures).toEqual([])
        expect(crew.tally.pushes).toBeGreaterThan(pushes)
        await until(() => warnings(server) > told)
      }
    } finally {
      await server.end('SIGTERM')
    }
  }, 60_000)
})
