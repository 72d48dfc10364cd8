import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { removeDirectory, temporaryDirectory } from '../../support/berth.ts'
import { seedOf } from '../load/random.ts'
import type { Refused } from '../load/requests.ts'
import { type Server, startServer } from '../server.ts'
import { canTrace } from '../trace/traced-server.ts'
import { Crew } from './crew.ts'
import { inject } from './injection.ts'

const seed = seedOf(process.env.BERTH_DURABILITY_SEED)

/** What the kernel may report of a broken or full disk, and where. */
const faults: readonly (readonly [what: string, fault: string])[] = [
  ['directories can’t be made', 'mkdir:error=ENOSPC'],
  ['no sync succeeds', 'fsync,fdatasync:error=EIO'],
  ['every third sync fails', 'fsync,fdatasync:error=EIO:when=2+3'],
  ['the database can’t be written', 'pwrite64:error=EIO'],
  ['the disk is full in the middle of a commit', 'pwrite64:error=ENOSPC:when=3+7'],
  ['the quota is used up in the middle of a commit', 'pwrite64:error=EDQUOT:when=5+5'],
  ['blobs can’t be written', 'pwritev:error=EIO:when=1+2'],
  ['the disk is full in the middle of a blob', 'pwritev:error=ENOSPC:when=1+2'],
  ['a file may not grow any more', 'pwritev:error=EFBIG:when=1+2'],
  ['objects can’t be renamed', 'rename:error=EIO:when=1+2'],
  ['files can’t be cut', 'ftruncate:error=EIO'],
  ['nothing can be removed', 'unlink:error=EIO:when=1+2'],
]

describe.skipIf(!(await canTrace()))('the disk reports an error', () => {
  let data: string
  let server: Server

  beforeAll(async () => {
    data = await temporaryDirectory()
    server = await startServer({
      data,
      env: { BERTH_GC_INTERVAL: '100ms', BERTH_GC_GRACE: '1s', BERTH_GC_KEEP_OBJECTS: '0s' },
    })
    await server.answering()
  }, 30_000)

  afterAll(async () => {
    await server.end('SIGTERM')
    await removeDirectory(data)
  })

  test.each(faults)(
    '%s: pushes are refused, and nothing acknowledged is lost',
    async (_, fault) => {
      const place = { url: server.url, grace: 0 }
      const crew = new Crew({ seed, tolerates: saysThatStorageFails })
      await crew.work(place, 0.3)
      const whole = crew.tally.pushes
      expect(whole).toBeGreaterThan(0)
      {
        await using injected = await inject(server.process.pid, fault)
        await crew.work(place, 1)
        expect(injected.count()).toBeGreaterThan(0)
      }
      await crew.look(place)
      await crew.work(place, 0.3)
      await crew.look(place)
      expect(crew.tally.failures).toEqual([])
      expect(crew.tally.pushes).toBeGreaterThan(whole)
      expect(server.process.exitCode).toBeNull()
    },
    60_000,
  )

  test('pulls go on while nothing can be written, by those who may push as well', async () => {
    const place = { url: server.url, grace: 0 }
    const crew = new Crew({ seed })
    await crew.work(place, 0.3)
    // Past half of the grace a pull confirms what it found, for whoever relies on it.
    await Bun.sleep(700)
    await using injected = await inject(server.process.pid, 'pwrite64:error=ENOSPC')
    await crew.look(place)
    expect(crew.tally.failures).toEqual([])
    expect(crew.looks.blobs).toBeGreaterThan(0)
    expect(injected.count()).toBeGreaterThan(0)
  }, 60_000)

  test('nothing acknowledged during an error is lost with a restart', async () => {
    const crew = new Crew({ seed: seed + 1, tolerates: saysThatStorageFails })
    {
      await using _ = await inject(server.process.pid, 'fsync,fdatasync:error=EIO:when=2+3')
      await crew.work({ url: server.url, grace: 0 }, 1.5)
    }
    await server.end('SIGKILL')
    server = await startServer({ data })
    await server.answering()
    await crew.look({ url: server.url, grace: 0 })
    expect(crew.tally.failures).toEqual([])
  }, 60_000)
})

/** In the registry's words, with a status that tells clients to try again or operators to make room. */
function saysThatStorageFails({ status, code }: Refused): boolean {
  // A HEAD has no words.
  return (
    (status === 507 && /^(?:INSUFFICIENT_STORAGE)?$/.test(code)) ||
    (status === 503 && /^(?:UNAVAILABLE)?$/.test(code))
  )
}
