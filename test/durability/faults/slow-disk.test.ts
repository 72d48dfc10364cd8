import { describe, expect, test } from 'bun:test'
import { temporaryDirectory } from '../../support/berth.ts'
import { seedOf } from '../load/random.ts'
import { ask } from '../load/requests.ts'
import { startServer } from '../server.ts'
import { canTrace } from '../trace/traced-server.ts'
import { Crew } from './crew.ts'

/** Of each sync of a file, directory or log. Milliseconds. */
const delay = 120
/** An answer that waited for no sync comes far sooner, on a busy machine too. Milliseconds. */
const soon = delay

describe.skipIf(!(await canTrace()))('a disk that takes its time to sync', () => {
  test('makes pushes slow, and neither pulls nor failures', async () => {
    const fault = `inject=fsync,fdatasync:delay_exit=${delay * 1000}`
    const wrap = [
      'strace',
      '-D',
      '-f',
      '--seccomp-bpf',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=fsync,fdatasync',
    ]
    const server = await startServer({ data: await temporaryDirectory(), wrap: [...wrap, '-e', fault] })
    try {
      await server.answering()
      const place = { url: server.url, grace: 86_400_000 }
      const crew = new Crew({ seed: seedOf(process.env.BERTH_DURABILITY_SEED), clients: 4 })
      const pulls = await pullBeside(server.url, () => crew.work(place, 5))
      expect(crew.tally.failures).toEqual([])
      expect(crew.tally.pushes).toBeGreaterThan(0)
      await crew.look(place)
      expect(crew.tally.failures).toEqual([])
      expect(pulls.length).toBeGreaterThan(50)
      const slowest = pulls.sort((one, other) => one - other)[Math.floor(pulls.length * 0.95)]
      console.log(
        `slow disk: ${crew.tally.pushes} pushes; of ${pulls.length} pulls the 95th percentile took ${slowest?.toFixed(1)} ms`,
      )
      expect(slowest).toBeLessThan(soon)
    } finally {
      await server.end('SIGTERM')
    }
  }, 120_000)
})

/** Pulls an image of its own again and again while others work. @returns milliseconds of each request */
async function pullBeside(url: string, work: () => Promise<void>): Promise<number[]> {
  const bytes = new TextEncoder().encode('small enough to be kept in memory, and a file at first')
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
  const target = `${url}/v2/pulled/blobs/uploads/?digest=${digest}`
  const begun = performance.now()
  await ask(target, { method: 'POST', body: bytes, expect: [201] })
  // The fault is there, and the answer waited for it.
  expect(performance.now() - begun).toBeGreaterThan(delay)
  let over = false
  const working = work().finally(() => {
    over = true
  })
  const times: number[] = []
  while (!over) {
    const asked = performance.now()
    await ask(`${url}/v2/pulled/blobs/${digest}`, { expect: [200] })
    times.push(performance.now() - asked)
    await Bun.sleep(20)
  }
  await working
  return times
}
