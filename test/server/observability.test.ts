import { expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { startBerth } from '../support/berth.ts'
import { pushImage } from '../support/push.ts'

async function until<T>(read: () => T | undefined): Promise<T> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const value = read()
    if (value !== undefined) return value
    await Bun.sleep(20)
  }
  throw new Error('it did not come')
}

test('each request is a line of the log, for machines', async () => {
  const berth = await startBerth({ args: ['--log-format', 'json'] })
  await fetch(`${berth.url}/v2/logged/manifests/latest`, { headers: { 'User-Agent': 'tester/1 "quoted"' } })
  const line = await until(() =>
    berth
      .output()
      .split('\n')
      .find((text) => text.includes('tester/1')),
  )
  expect(JSON.parse(line)).toMatchObject({
    level: 'info',
    message: 'request',
    method: 'GET',
    route: 'manifest',
    target: '/v2/logged/manifests/latest',
    status: 404,
    client: '127.0.0.1',
    user_agent: 'tester/1 "quoted"',
  })
  for (const other of berth.output().trim().split('\n')) JSON.parse(other)
  await berth.stop()
})

test('each request is a line of the log, for people', async () => {
  const berth = await startBerth()
  await fetch(`${berth.url}/v2/?x=1`, { headers: { 'User-Agent': 'tester/2' } })
  const line = await until(() =>
    berth
      .output()
      .split('\n')
      .find((text) => text.includes('tester/2')),
  )
  expect(line).toMatch(/info {2}request request=\S+ method=GET route=base target=\/v2\/\?x=1 status=200/)
  await berth.stop()
})

test('the metrics count requests, bytes and what is stored', async () => {
  const berth = await startBerth()
  await pushImage({ url: berth.url, repository: 'measured' }, { content: 'x'.repeat(1000) })
  await fetch(`${berth.url}/v2/measured/manifests/latest`)
  const metrics = await (await fetch(`${berth.url}/metrics`)).text()
  expect(metrics).toContain('berth_http_requests_total{route="manifest",method="PUT",status="201"} 1')
  expect(metrics).toContain('berth_http_requests_total{route="manifest",method="GET",status="200"} 1')
  expect(metrics).toContain('berth_http_received_bytes_total{route="upload",method="PUT",status="201"} 1002')
  expect(metrics).toContain('berth_storage_blobs 2')
  expect(metrics).toContain('berth_storage_bytes 1002')
  expect(metrics).toContain('berth_uploads_open 0')
  expect(metrics).toContain('berth_http_request_duration_seconds_count{route="manifest",method="GET"} 1')
  await berth.stop()
})

test('readiness says which part does not work', async () => {
  const berth = await startBerth()
  expect((await fetch(`${berth.url}/healthz`)).status).toBe(200)
  expect(await (await fetch(`${berth.url}/readyz`)).json()).toMatchObject({ status: 'ok' })
  await rm(`${berth.data}/uploads`, { recursive: true })
  const answer = await fetch(`${berth.url}/readyz`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({
    status: 'not ready',
    checks: { database: 'ok', storage: expect.stringContaining('ENOENT') },
  })
  expect((await fetch(`${berth.url}/healthz`)).status).toBe(200)
  await berth.stop()
})

test('a browser’s page is let in from a listed origin only', async () => {
  const origin = 'https://ui.example.com'
  const berth = await startBerth({ args: ['--http-cors-origins', origin] })
  const ask = (from: string, init: RequestInit = {}) =>
    fetch(`${berth.url}/v2/`, { ...init, headers: { Origin: from, ...init.headers } })
  const listed = await ask(origin)
  expect(listed.headers.get('access-control-allow-origin')).toBe(origin)
  expect(listed.headers.get('access-control-expose-headers')).toContain('Docker-Content-Digest')
  expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
  const preflight = await ask(origin, {
    method: 'OPTIONS',
    headers: { 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'content-type' },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT')
  expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type')
  await berth.stop()
})

test('without the setting no origin is let in', async () => {
  const berth = await startBerth()
  const answer = await fetch(`${berth.url}/v2/`, { headers: { Origin: 'https://ui.example.com' } })
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  await berth.stop()
})
