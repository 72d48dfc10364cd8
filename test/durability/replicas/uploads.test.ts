import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { digestOf } from '../../../src/oci/digest.ts'
import { type OpenRequest, openRequest } from '../../support/open-request.ts'
import { Random, seedOf } from '../load/random.ts'
import { ask } from '../load/requests.ts'
import { faultsIn, type Server } from '../server.ts'
import { Fleet } from './fleet.ts'
import { type Blobs, requireStores, type SharedStores, sharedStores } from './shared-stores.ts'

const random = new Random(seedOf(process.env.BERTH_DURABILITY_SEED))
const MiB = 1024 * 1024
/** Whose bytes stop for longer than this loses the right to write. Milliseconds. */
const leaseTime = 15_000

const kinds: readonly Blobs[] = ['directory', 'bucket']
const possible = kinds.filter((blobs) => requireStores(blobs, `uploads that hop on a ${blobs}`))
describe.skipIf(possible.length === 0).each(possible.length > 0 ? possible : kinds)(
  'an upload with blobs in a %s',
  (blobs) => {
    let stores: SharedStores
    let fleet: Fleet
    let one: Server
    let two: Server

    beforeAll(async () => {
      stores = await sharedStores(blobs)
      fleet = new Fleet(stores)
      one = await fleet.add()
      two = await fleet.add()
    }, 60_000)
    afterAll(async () => {
      await fleet?.end()
      await stores?.[Symbol.asyncDispose]()
    })

    test('goes on at another server with each request, and is told of by each', async () => {
      const content = random.bytes(3 * MiB)
      const location = await open(one)
      expect(await patch(one, location, content.subarray(0, MiB))).toBe(202)
      expect(await rangeOf(two, location)).toBe(`0-${MiB - 1}`)
      expect(await patch(two, location, content.subarray(MiB, 2 * MiB), MiB)).toBe(202)
      expect(await rangeOf(one, location)).toBe(`0-${2 * MiB - 1}`)
      // A server that was there before knows what the other did.
      expect(await patch(one, location, content.subarray(0, MiB), MiB)).toBe(416)
      await close(one, location, content, content.subarray(2 * MiB))
      await expectPulled(content)
      const gone = await ask(two.url + location, { expect: [404] })
      expect(gone.status).toBe(404)
    })

    test('is closed without a body at a server that saw none of it', async () => {
      const content = random.bytes(MiB + 17)
      const location = await open(two)
      expect(await patch(two, location, content)).toBe(202)
      await close(one, location, content, new Uint8Array())
      await expectPulled(content)
    })

    test('is cancelled at another server, and goes on nowhere after that', async () => {
      const location = await open(one)
      expect(await patch(one, location, random.bytes(1000))).toBe(202)
      await ask(two.url + location, { method: 'DELETE', expect: [204] })
      expect(await patch(one, location, random.bytes(1000))).toBe(404)
    })

    test('with a wrong digest is refused wherever it ends', async () => {
      const location = await open(one)
      expect(await patch(one, location, random.bytes(1000))).toBe(202)
      expect(await patch(two, location, random.bytes(1000))).toBe(202)
      const digest = digestOf(random.bytes(10))
      await ask(`${one.url}${location}?digest=${digest}`, { method: 'PUT', expect: [400] })
      await ask(`${two.url}/v2/hop/blobs/${digest}`, { method: 'HEAD', expect: [404] })
    })

    test.each([
      ['with', true],
      ['without', false],
    ])(
      'of many chunks %s a range that hop each time is not read again for each',
      async (_, ranged) => {
        const content = random.bytes(20 * MiB)
        const before = await readSoFar()
        const location = await open(one)
        for (let at = 0; at < content.length; at += MiB) {
          const server = (at / MiB) % 2 === 0 ? one : two
          const chunk = content.subarray(at, at + MiB)
          expect(await patch(server, location, chunk, ranged ? at : undefined)).toBe(202)
        }
        await close(two, location, content, new Uint8Array())
        const read = (await readSoFar()) - before
        // Read again for each chunk it would be ten times all of it.
        if (blobs === 'directory') expect(read).toBeLessThan(1.5 * content.length)
        await expectPulled(content)
      },
      60_000,
    )

    // Both wait for the same time: together.
    test('whose first writer is silent for too long goes on at another server, and nothing that he does later spoils it', async () => {
      await Promise.all([standsStill(), losesItsClient()])
      expect(faultsIn(fleet.output)).toEqual([])
    }, 60_000)

    async function standsStill(): Promise<void> {
      const content = random.bytes(2 * MiB)
      const location = await open(one)
      expect(await patch(one, location, content.subarray(0, MiB))).toBe(202)
      const late = slowPatch(one, location, MiB)
      late.send(random.bytes(100_000))
      await Bun.sleep(1000)
      one.process.kill('SIGSTOP')
      // It lies in the socket, and is taken when the process goes on.
      late.send(random.bytes(500_000))
      try {
        await Bun.sleep(leaseTime + 500)
        expect(await patch(two, location, content.subarray(MiB), MiB)).toBe(202)
      } finally {
        one.process.kill('SIGCONT')
      }
      late.send(random.bytes(MiB - 600_000))
      expect([404, 500, 503, undefined]).toContain(await late.status)
      expect(await rangeOf(two, location)).toBe(`0-${2 * MiB - 1}`)
      await close(two, location, content, new Uint8Array())
      await expectPulled(content)
    }

    async function losesItsClient(): Promise<void> {
      const content = random.bytes(2 * MiB)
      const location = await open(one)
      const lost = slowPatch(one, location, 2 * MiB)
      lost.send(content.subarray(0, MiB))
      await Bun.sleep(500)
      expect(await patch(two, location, content)).toBe(416)
      await Bun.sleep(leaseTime + 500)
      expect(await patch(two, location, content)).toBe(202)
      // The first server learns of its client only now, and gives up.
      lost.end()
      await Bun.sleep(500)
      await close(two, location, content, new Uint8Array())
      await expectPulled(content)
    }

    async function open(server: Server): Promise<string> {
      const answer = await ask(`${server.url}/v2/hop/blobs/uploads/`, { method: 'POST', expect: [202] })
      return answer.headers.get('location') ?? ''
    }

    async function patch(
      server: Server,
      location: string,
      bytes: Uint8Array,
      first?: number,
    ): Promise<number> {
      const headers: Record<string, string> =
        first === undefined ? {} : { 'Content-Range': `${first}-${first + bytes.length - 1}` }
      const body = new Uint8Array(bytes)
      const asked = { method: 'PATCH', headers, body, expect: [202, 404, 416] }
      return (await ask(server.url + location, asked)).status
    }

    function slowPatch(server: Server, location: string, length: number): OpenRequest {
      return openRequest(server.url + location, { method: 'PATCH', headers: { 'Content-Length': length } })
    }

    async function rangeOf(server: Server, location: string): Promise<string | null> {
      return (await ask(server.url + location, { expect: [204] })).headers.get('range')
    }

    async function close(server: Server, location: string, whole: Uint8Array, rest: Uint8Array) {
      const target = `${server.url}${location}?digest=${digestOf(whole)}`
      await ask(target, { method: 'PUT', body: new Uint8Array(rest), expect: [201] })
    }

    async function expectPulled(content: Uint8Array): Promise<void> {
      for (const { url } of [one, two]) {
        const pulled = await ask(`${url}/v2/hop/blobs/${digestOf(content)}`, { expect: [200] })
        expect(Buffer.compare(pulled.body, content)).toBe(0)
      }
    }

    /** Bytes that the servers have read from files so far. */
    async function readSoFar(): Promise<number> {
      let sum = 0
      for (const { process } of [one, two]) {
        const io = await readFile(`/proc/${process.pid}/io`, 'utf8')
        sum += Number(/^rchar: (\d+)/.exec(io)?.[1])
      }
      return sum
    }
  },
)
