// Budget: 40 seconds, nearly all of it waiting.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Content, contentOf, imageType, repository } from './content.ts'
import { type Fixture, finishUpload, startFixture } from './fixture.ts'
import { drip, type SlowOutcome } from './slow-client.ts'

const limits = {
  BERTH_LIMITS_FIRST_BYTE: '1s',
  BERTH_LIMITS_BODY_TIME: '3s',
  BERTH_LIMITS_UPLOAD_RATE: '10KiB',
  BERTH_LIMITS_UPLOAD_WINDOW: '2s',
  BERTH_HTTP_IDLE_TIMEOUT: '4s',
}
/** Bun looks at its clocks every four seconds. */
const idle = { least: 3, most: 12 }

describe.each([
  ['one process', {}],
  ['workers', { BERTH_WORKERS: '2' }],
])('slow clients, served by %s', (_, workers) => {
  let fixture: Fixture

  beforeAll(async () => {
    fixture = await startFixture({ ...limits, ...workers })
  })

  afterAll(async () => {
    await fixture.stop()
    expect(fixture.server.output()).not.toMatch(/a request failed|unhandled|panic/i)
  })

  const request = (method: string, target: string, length: number, more = '') =>
    `${method} ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${more}\r\n`
  const putManifest = request(
    'PUT',
    `/v2/${repository}/manifests/slow`,
    100_000,
    `Content-Type: ${imageType}\r\n`,
  )

  test.concurrent('headers that come byte by byte are waited for no longer than for any request', async () => {
    const start = 'GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: '
    const outcomes = await Promise.all([
      drip({ port: fixture.server.port, start, drop: 'a', every: 200 }),
      drip({ port: fixture.server.port, start }),
      drip({ port: fixture.server.port, start: '' }),
    ])
    for (const { answer, closed, seconds } of outcomes) {
      expect({ answer, closed }).toEqual({ answer: undefined, closed: true })
      expect(seconds).toBeGreaterThan(idle.least)
      expect(seconds).toBeLessThan(idle.most)
    }
  }, 30_000)

  test.concurrent('a body whose first byte does not come is not waited for', async () => {
    const [upload, other] = [await fixture.upload(), await fixture.upload()]
    const blobs = `/v2/${repository}/blobs/uploads/?digest=sha256:${'a'.repeat(64)}`
    const starts = [
      putManifest,
      request('PATCH', upload, 1000),
      request('PUT', `${other}?digest=sha256:${'a'.repeat(64)}`, 1000),
      request('POST', blobs, 1000),
      request('POST', '/v2/token', 1000, 'Content-Type: application/x-www-form-urlencoded\r\n'),
      request('POST', '/api/v1/users', 1000, 'Content-Type: application/json\r\n'),
    ]
    for (const outcome of await Promise.all(
      starts.map((start) => drip({ port: fixture.server.port, start })),
    )) {
      expectTooSlow(outcome, 'limits.first-byte', { within: 3 })
    }
  }, 30_000)

  test.concurrent('what is held in memory must be whole in time', async () => {
    const api = request('POST', '/api/v1/users', 1000, 'Content-Type: application/json\r\n')
    for (const outcome of await Promise.all(
      [putManifest, api].map((start) => drip({ port: fixture.server.port, start, drop: ' ', every: 200 })),
    )) {
      expectTooSlow(outcome, 'limits.body-time', { within: 5 })
      expect(outcome.dripped).toBeGreaterThan(5)
    }
    expect((await fixture.get(`/v2/${repository}/manifests/slow`, 'HEAD')).status).toBe(404)
  }, 30_000)

  test.concurrent('an upload below the rate ends, keeps what came, and goes on from there', async () => {
    const content = contentOf(Buffer.alloc(5000, 'slow'))
    const upload = await fixture.upload()
    const outcome = await drip({
      port: fixture.server.port,
      start: request('PATCH', upload, content.bytes.length),
      drop: text(content).slice(0, 20),
      every: 100,
    })
    expectTooSlow(outcome, 'limits.upload-rate', { within: 5 })
    const offset = await offsetOf(upload)
    expect(offset).toBeGreaterThan(0)
    expect(offset).toBeLessThanOrEqual(outcome.dripped)
    expect((await fixture.get(upload, 'DELETE')).status).toBe(204)
  }, 30_000)

  test.concurrent('an upload at the rate goes on, though every piece of it is small', async () => {
    const content = contentOf(Buffer.alloc(90_000, '0123456789'))
    const upload = await fixture.upload()
    const outcome = await drip({
      port: fixture.server.port,
      start: request('PATCH', upload, content.bytes.length),
      drop: text(content).slice(0, 1500),
      every: 100,
      drops: 60,
    })
    expect(outcome.answer?.status).toBe(202)
    expect(outcome.seconds).toBeGreaterThan(5.5)
    const finished = await finishUpload(fixture.server.url, upload, content, content.bytes.length)
    expect(finished.status).toBe(201)
  }, 30_000)

  test('the metrics count what was refused, by setting', async () => {
    const text = await (await fixture.get('/metrics')).text()
    const counted = (setting: string) =>
      Number(text.match(new RegExp(`berth_limits_refused_total\\{setting="${setting}"\\} (\\d+)`))?.[1] ?? 0)
    expect(counted('limits.first-byte')).toBe(6)
    expect(counted('limits.body-time')).toBe(2)
    expect(counted('limits.upload-rate')).toBe(1)
  })

  async function offsetOf(upload: string): Promise<number> {
    const { headers } = await fixture.get(upload)
    const last = Number(/^0-(\d+)$/.exec(headers.get('range') ?? '')?.[1])
    return last === 0 ? 0 : last + 1
  }
})

describe('slow clients, where no rate is set', () => {
  test.concurrent('an upload over a slow line is not cut, a pause is, and what came before it stays', async () => {
    await using own = await withoutRate()
    const content = contentOf(Buffer.alloc(2000, 'slow line '))
    const [steady, paused] = [await own.upload(), await own.upload()]
    const start = (target: string) =>
      `PATCH ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.bytes.length}\r\n\r\n`
    const { port } = own.server
    const outcomes = await Promise.all([
      // 200 bytes a second: Bun alone would end it, at less than 16 KiB for each second of its patience.
      drip({ port, start: start(steady), drop: text(content).slice(0, 100), every: 500, drops: 20 }),
      drip({ port, start: start(paused) + text(content).slice(0, 1000) }),
    ])
    expect(outcomes[0]?.answer?.status).toBe(202)
    expect(outcomes[0]?.seconds).toBeGreaterThan(8)
    expectTooSlow(outcomes[1] as SlowOutcome, 'http.idle-timeout', { within: 7 })
    expect((await own.get(paused)).headers.get('range')).toBe('0-999')
    expect((await finishUpload(own.server.url, paused, content, 1000)).status).toBe(201)
    expect((await finishUpload(own.server.url, steady, content, 2000)).status).toBe(201)
  }, 60_000)

  test.concurrent('a connection that was slow once is closed when nobody uses it any more', async () => {
    await using own = await withoutRate()
    const upload = await own.upload()
    const start = `PATCH ${upload} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n`
    const outcome = await drip({
      port: own.server.port,
      start,
      drop: 'a',
      every: 1000,
      drops: 3,
      stays: true,
    })
    expect(outcome.answer?.status).toBe(202)
    expect(outcome.closed).toBe(true)
  }, 60_000)
})

async function withoutRate(): Promise<Fixture & AsyncDisposable> {
  const fixture = await startFixture({ BERTH_HTTP_IDLE_TIMEOUT: '4s' })
  return { ...fixture, [Symbol.asyncDispose]: async () => void (await fixture.stop()) }
}

function expectTooSlow(outcome: SlowOutcome, setting: string, { within }: { within: number }): void {
  expect(outcome.answer?.status).toBe(408)
  expect(outcome.closed, 'closed behind the answer').toBe(true)
  expect(outcome.answer?.headers.get('connection')).toBe('close')
  const { errors } = JSON.parse(outcome.answer?.body.toString() ?? '')
  expect(errors).toMatchObject([{ code: 'REQUEST_TIMEOUT', detail: { setting } }])
  expect(errors[0].message).toContain(`(setting ${setting})`)
  expect(outcome.seconds).toBeLessThan(within)
}

function text({ bytes }: Content): string {
  return Buffer.from(bytes).toString('latin1')
}
