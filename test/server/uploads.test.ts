import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { blobUrl, bytesOf, openUpload, pushBlob } from '../support/push.ts'

let berth: RunningBerth

beforeAll(async () => {
  berth = await startBerth()
})

afterAll(async () => {
  await berth.stop()
})

const remote = (repository: string) => ({ url: berth.url, repository })

function patch(location: string, body: Uint8Array<ArrayBuffer>, range?: string): Promise<Response> {
  const headers: Record<string, string> = range ? { 'Content-Range': range } : {}
  return fetch(location, { method: 'PATCH', body, headers })
}

async function close(
  location: string,
  content: Uint8Array<ArrayBuffer>,
  body?: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  return fetch(`${location}?digest=${digestOf(content)}`, { method: 'PUT', body: body ?? null })
}

test('a chunked upload becomes the blob of its digest', async () => {
  const location = await openUpload(remote('chunks'))
  expect((await patch(location, bytesOf('one,'), '0-3')).headers.get('range')).toBe('0-3')
  expect((await patch(location, bytesOf('two,'), '4-7')).headers.get('range')).toBe('0-7')
  const whole = bytesOf('one,two,three')
  const closed = await close(location, whole, bytesOf('three'))
  expect(closed.status).toBe(201)
  expect(closed.headers.get('location')).toBe(`/v2/chunks/blobs/${digestOf(whole)}`)
  expect(await (await fetch(blobUrl(remote('chunks'), digestOf(whole)))).text()).toBe('one,two,three')
})

test('a chunk out of order is refused on PATCH and on PUT, and the upload goes on from its status', async () => {
  const location = await openUpload(remote('order'))
  await patch(location, bytesOf('0123'), '0-3')
  for (const method of ['PATCH', 'PUT']) {
    const target = method === 'PUT' ? `${location}?digest=${digestOf(bytesOf('0123x'))}` : location
    const answer = await fetch(target, { method, body: 'x', headers: { 'Content-Range': '7-7' } })
    expect(answer.status).toBe(416)
    expect(answer.headers.get('range')).toBe('0-3')
    expect((await answer.json()) as unknown).toMatchObject({ errors: [{ code: 'BLOB_UPLOAD_INVALID' }] })
  }
  const status = await fetch(location)
  expect(status.status).toBe(204)
  expect(status.headers.get('range')).toBe('0-3')
  await patch(location, bytesOf('45'), '4-5')
  expect((await close(location, bytesOf('012345'))).status).toBe(201)
})

test('what a client sent before it went away is kept, and it goes on from there', async () => {
  const location = await openUpload(remote('vanish'))
  const controller = new AbortController()
  let sent = 0
  const body = new ReadableStream({
    async pull(stream) {
      if (sent === 3) {
        await Bun.sleep(100)
        controller.abort()
        return
      }
      sent += 1
      stream.enqueue(new Uint8Array(100_000).fill(sent))
    },
  })
  await fetch(location, { method: 'PATCH', body, signal: controller.signal }).catch(() => undefined)
  const durable = await untilOffset(location)
  expect(durable).toBe(300_000)
  const rest = bytesOf('the rest')
  const whole = Buffer.concat([1, 2, 3].map((fill) => new Uint8Array(100_000).fill(fill)).concat([rest]))
  expect((await patch(location, rest, `300000-${300_000 + rest.length - 1}`)).status).toBe(202)
  expect((await close(location, new Uint8Array(whole))).status).toBe(201)
})

async function untilOffset(location: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const last = Number((await fetch(location)).headers.get('range')?.split('-')[1])
    if (last > 0) return last + 1
    await Bun.sleep(20)
  }
  return 0
}

test('of two writers at once one wins, and the bytes are its own', async () => {
  const location = await openUpload(remote('contested'))
  const contents = [1, 2].map((fill) => new Uint8Array(2_000_000).fill(fill))
  const answers = await Promise.all(contents.map((content) => patch(location, content)))
  const statuses = answers.map(({ status }) => status).sort()
  // The second comes either while the first writes, or after it and is then appended.
  expect([
    [202, 202],
    [202, 416],
  ]).toContainEqual(statuses)
  const winners = contents.filter((_, index) => answers[index]?.status === 202)
  const digests = [winners, winners.toReversed()].map((order) => digestOf(Buffer.concat(order)))
  const closed = await Promise.all(
    [...new Set(digests)].map((digest) => fetch(`${location}?digest=${digest}`, { method: 'PUT' })),
  )
  expect(closed.some(({ status }) => status === 201)).toBe(true)
})

test('sha512 may first be named by the closing request', async () => {
  const location = await openUpload(remote('late'))
  await patch(location, bytesOf('named late'))
  const digest = digestOf(bytesOf('named late'), 'sha512')
  expect((await fetch(`${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201)
  expect(await (await fetch(blobUrl(remote('late'), digest))).text()).toBe('named late')
})

test('a wrong digest leaves nothing behind', async () => {
  const location = await openUpload(remote('wrong'))
  await patch(location, bytesOf('something'))
  const answer = await close(location, bytesOf('something else'))
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'DIGEST_INVALID' }] })
  for (const content of ['something', 'something else']) {
    expect((await fetch(blobUrl(remote('wrong'), digestOf(bytesOf(content))))).status).toBe(404)
  }
  expect((await fetch(location)).status).toBe(404)
  const id = location.split('/').at(-1) ?? ''
  expect(await readdir(join(berth.data, 'uploads'))).not.toContain(id)
})

test('a cancelled upload is gone', async () => {
  const location = await openUpload(remote('cancelled'))
  await patch(location, bytesOf('x'))
  expect((await fetch(location, { method: 'DELETE' })).status).toBe(204)
  expect((await fetch(location)).status).toBe(404)
  expect((await patch(location, bytesOf('y'))).status).toBe(404)
})

test('a blob is mounted with and without its source, and only where it is', async () => {
  const digest = await pushBlob(remote('source'), bytesOf('to be mounted'))
  for (const query of [`?mount=${digest}&from=source`, `?mount=${digest}`]) {
    const target = remote(query.includes('from') ? 'with' : 'without')
    const answer = await fetch(`${target.url}/v2/${target.repository}/blobs/uploads/${query}`, {
      method: 'POST',
    })
    expect(answer.status).toBe(201)
    expect((await fetch(blobUrl(target, digest), { method: 'HEAD' })).status).toBe(200)
  }
  const elsewhere = await fetch(`${berth.url}/v2/third/blobs/uploads/?mount=${digest}&from=empty`, {
    method: 'POST',
  })
  expect(elsewhere.status).toBe(202)
})

test('an upload goes on after the server was killed, with nothing acknowledged lost', async () => {
  let own = await startBerth()
  const { data, port } = own
  const location = await openUpload({ url: own.url, repository: 'killed' })
  await patch(location, bytesOf('before the kill,'))
  await own.stop('SIGKILL')
  own = await startBerth({ data, port })
  expect((await fetch(location)).headers.get('range')).toBe('0-15')
  await patch(location, bytesOf('after it'), '16-23')
  expect((await close(location, bytesOf('before the kill,after it'))).status).toBe(201)
  await own.stop()
})

test('an upload that a kill left written to can be gone on with', async () => {
  let own = await startBerth()
  const { data, port } = own
  const location = await openUpload({ url: own.url, repository: 'killed' })
  const body = new ReadableStream({
    async pull(stream) {
      stream.enqueue(new Uint8Array(10_000))
      await Bun.sleep(20)
    },
  })
  const cut = fetch(location, { method: 'PATCH', body }).catch(() => undefined)
  await Bun.sleep(200)
  await own.stop('SIGKILL')
  await cut
  own = await startBerth({ data, port })
  const whole = bytesOf('all of it')
  const answers = []
  // The dead writer's lease runs out 15 s after its last byte.
  for (let attempt = 0; attempt < 25; attempt += 1) {
    const answer = await close(location, whole, whole)
    answers.push(answer.status)
    if (answer.status !== 416) break
    await Bun.sleep(1000)
  }
  expect(answers.at(-1)).toBe(201)
  await own.stop()
}, 60_000)

test('an abandoned upload is dropped after the time that is set', async () => {
  const own = await startBerth({ env: { BERTH_UPLOADS_EXPIRE: '1s' } })
  const location = await openUpload({ url: own.url, repository: 'abandoned' })
  await patch(location, bytesOf('left behind'))
  for (let attempt = 0; attempt < 50 && (await fetch(location)).status !== 404; attempt += 1)
    await Bun.sleep(200)
  expect((await fetch(location)).status).toBe(404)
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if ((await readdir(join(own.data, 'uploads'))).length === 0) break
    await Bun.sleep(200)
  }
  expect(await readdir(join(own.data, 'uploads'))).toEqual([])
  await own.stop()
})
