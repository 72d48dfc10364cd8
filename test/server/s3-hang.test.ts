import { describe, expect, test } from 'bun:test'
import { digestOf } from '../../src/oci/digest.ts'
import { startBerth } from '../support/berth.ts'
import { type Fault, startFaultyProxy } from '../support/faulty-proxy.ts'
import { blobUrl, bytesOf, manifestUrl, pushBlob, pushImage } from '../support/push.ts'
import { bucketEnvironment, requireS3, testBucket } from '../support/s3.ts'

/** Milliseconds that somebody waits for what nobody answers. */
const bound = 30_000

interface Timed {
  readonly status: number
  readonly after: number
}

async function timed(answer: Promise<Response>): Promise<Timed> {
  const begun = performance.now()
  const { status } = await answer
  return { status, after: performance.now() - begun }
}

describe.skipIf(!requireS3('an S3 server that does not answer'))('an S3 server that does not answer', () => {
  test('holds up requests for what it hangs on, for a while, and nobody else', async () => {
    const bucket = await testBucket()
    let faultOf: (line: string) => Fault = () => 'none'
    const proxy = await startFaultyProxy(bucket.endpoint ?? '', (line) => faultOf(line))
    const berth = await startBerth({ env: bucketEnvironment({ ...bucket, endpoint: proxy.url }) })
    const remote = { url: berth.url, repository: 'hanging' }
    const small = await pushBlob(remote, bytesOf('a small one'))
    const large = await pushBlob(remote, new Uint8Array(300_000).fill(7))
    const sound = await pushBlob(remote, bytesOf('a sound one'))
    await pushImage(remote)

    const hex = [small, large].map((digest) => digest.slice('sha256:'.length))
    faultOf = (line) => (hex.some((each) => line.includes(each)) ? 'hang' : 'none')
    const waiting = Promise.all([small, large].map((digest) => timed(fetch(blobUrl(remote, digest)))))
    let done = false
    void waiting.finally(() => {
      done = true
    })
    const others: Timed[] = []
    for (let round = 0; !done || round === 0; round += 1) {
      const digest = await pushBlob(remote, bytesOf(`pushed meanwhile ${round}`))
      others.push(await timed(fetch(blobUrl(remote, digest))))
      others.push(await timed(fetch(blobUrl(remote, sound))))
      others.push(await timed(fetch(manifestUrl(remote, 'latest'))))
      others.push(await timed(fetch(`${berth.url}/readyz`)))
      await Bun.sleep(500)
    }
    for (const { status, after } of await waiting) {
      expect(status).toBe(503)
      expect(after).toBeWithin(5000, bound)
    }
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([200]))

    faultOf = () => 'hang'
    const content = bytesOf('while nothing answers')
    const [pull, metadata, ready] = await Promise.all([
      timed(fetch(blobUrl(remote, sound))),
      timed(fetch(manifestUrl(remote, 'latest'))),
      Bun.sleep(6000).then(() => timed(fetch(`${berth.url}/readyz`))),
    ])
    expect(pull).toMatchObject({ status: 503 })
    expect(pull.after).toBeLessThan(bound)
    expect(metadata).toMatchObject({ status: 200 })
    expect(metadata.after).toBeLessThan(5000)
    expect(ready).toMatchObject({ status: 503 })
    expect(ready.after).toBeLessThan(12_000)

    faultOf = () => 'none'
    const again = await (await fetch(blobUrl(remote, small))).bytes()
    expect(new TextDecoder().decode(again)).toBe('a small one')
    expect(await pushBlob(remote, content)).toBe(digestOf(content))
    await Bun.sleep(6000)
    expect((await fetch(`${berth.url}/readyz`)).status).toBe(200)
    expect(await berth.stop()).toBe(0)
    proxy.stop()
  }, 120_000)
})
