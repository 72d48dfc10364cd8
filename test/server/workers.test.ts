import { expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { startCommand } from '../durability/server.ts'
import { freePort, type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { blobUrl, bytesOf, manifestUrl, openUpload, pushImage, putManifest } from '../support/push.ts'
import { connectionsToTwo, workersOf } from '../support/workers.ts'

const two = { BERTH_WORKERS: '2' }

/** A request over a connection of its own, which any worker may get. */
const anew = (url: string, init: RequestInit = {}) => fetch(url, { ...init, keepalive: false })

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await holds()) return
    await Bun.sleep(25)
  }
  throw new Error('it did not come')
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const ready = async ({ url }: RunningBerth) =>
  (await anew(`${url}/readyz`).catch(() => undefined))?.status === 200

test('what one worker acknowledged every other sees at once', async () => {
  const berth = await startBerth({ env: { ...two, BERTH_LOG_LEVEL: 'error', BERTH_TRASH_RETENTION: '0s' } })
  const remote = { url: berth.url, repository: 'shared' }
  const images: { digest: string; manifest: string }[] = []
  for (const content of ['one', 'two']) images.push(await pushImage(remote, { reference: content, content }))
  const stale: string[] = []
  const client = async (name: string) => {
    for (let round = 0; round < 40; round += 1) {
      const image = images[round % 2]
      await putManifest(remote, name, image?.manifest ?? '')
      const seen = (await anew(manifestUrl(remote, name))).headers.get('docker-content-digest')
      if (seen !== image?.digest) stale.push(`${name} ${round}: set, and seen at ${seen}`)
      const list = await (await anew(`${berth.url}/v2/shared/tags/list`)).text()
      if (!list.includes(`"${name}"`)) stale.push(`${name} ${round}: not in the list`)
      await anew(manifestUrl(remote, name), { method: 'DELETE' })
      const { status } = await anew(manifestUrl(remote, name))
      if (status !== 404) stale.push(`${name} ${round}: deleted, and answered ${status}`)
    }
  }
  await Promise.all(Array.from({ length: 6 }, (_, index) => client(`tag${index}`)))
  expect(stale).toEqual([])
  await berth.stop()
}, 60_000)

test('any worker that is asked tells of all of them, and all lines of the log are whole', async () => {
  const berth = await startBerth({ env: { ...two, BERTH_LOG_FORMAT: 'json' } })
  await until(() => ready(berth))
  for (const connection of await connectionsToTwo(berth)) {
    for (let count = 0; count < 10; count += 1) {
      connection.send('GET /v2/counted/manifests/never HTTP/1.1\r\nHost: x\r\n\r\n')
      expect((await connection.answer()).status).toBe(404)
    }
  }
  for (let scrape = 0; scrape < 4; scrape += 1) {
    const metrics = await (await anew(`${berth.url}/metrics`)).text()
    expect(metrics).toContain('berth_http_requests_total{route="manifest",method="GET",status="404"} 20')
    expect(metrics).toContain('berth_http_request_duration_seconds_count{route="manifest",method="GET"} 20')
    expect(metrics).toContain('berth_gc_runs_total ')
    expect(metrics).toContain('berth_journal_lag_rows ')
    expect(metrics.match(/^berth_storage_blobs /gm)).toHaveLength(1)
  }
  await berth.stop()
  const lines = berth.output().trim().split('\n')
  const ids = lines.map((line) => JSON.parse(line).request).filter((id) => id !== undefined)
  expect(ids.length).toBeGreaterThanOrEqual(24)
  expect(new Set(ids).size).toBe(ids.length)
}, 60_000)

test('a worker that is killed in the middle of pushes is started again, and nothing acknowledged is lost', async () => {
  const berth = await startBerth({ env: { ...two, BERTH_LOG_LEVEL: 'error' } })
  await until(() => ready(berth))
  const first = await workersOf(berth)
  expect(first).toHaveLength(2)
  const pushed: { reference: string; digest: string }[] = []
  let pushing = true
  const client = async (name: number) => {
    for (let round = 0; pushing; round += 1) {
      const reference = `c${name}-${round}`
      try {
        const remote = { url: berth.url, repository: 'killed' }
        pushed.push({ reference, ...(await pushImage(remote, { reference, content: reference })) })
      } catch (error) {
        // Of a worker that is gone, a client sees its connection broken; what it sends again may be done already.
        if (/: 5\d\d/.test(String(error))) throw error
        await Bun.sleep(10)
      }
    }
  }
  const clients = Array.from({ length: 4 }, (_, name) => client(name))
  for (let kill = 0; kill < 4; kill += 1) {
    await Bun.sleep(400)
    const [victim] = await workersOf(berth)
    if (victim) process.kill(victim, 'SIGKILL')
  }
  await Bun.sleep(300)
  pushing = false
  await Promise.all(clients)
  await until(async () => (await workersOf(berth)).length === 2 && (await ready(berth)))
  expect(pushed.length).toBeGreaterThan(10)
  for (const { reference, digest } of pushed) {
    const answer = await anew(manifestUrl({ url: berth.url, repository: 'killed' }, reference))
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    const { layers } = JSON.parse(await answer.text()) as { layers: { digest: string }[] }
    for (const { digest: layer } of layers)
      expect((await anew(blobUrl({ url: berth.url, repository: 'killed' }, layer))).status).toBe(200)
  }
  await berth.stop()
  expect(berth.output()).toContain('a worker ended, and is started again')
}, 120_000)

test('the workers end with their owner, however it ends, and another takes the port at once', async () => {
  const port = await freePort()
  let berth = await startBerth({ port, env: two })
  const { data } = berth
  const workers = await workersOf(berth)
  const image = await pushImage({ url: berth.url, repository: 'kept' })
  await berth.stop('SIGKILL')
  await until(() => !workers.some(isThere))
  berth = await startBerth({ port, data, env: two })
  const seen = await anew(manifestUrl({ url: berth.url, repository: 'kept' }, 'latest'))
  expect(seen.headers.get('docker-content-digest')).toBe(image.digest)
  const later = await workersOf(berth)
  expect(await berth.stop()).toBe(0)
  expect(later.some(isThere)).toBe(false)
}, 60_000)

test('a transfer ends in peace where the signal goes to all of the processes, as a terminal’s does', async () => {
  const berth = await startBerth({ env: two })
  const location = await openUpload({ url: berth.url, repository: 'drained' })
  const gate = Promise.withResolvers<void>()
  const body = new ReadableStream({
    async start(stream) {
      stream.enqueue(bytesOf('first, '))
      await gate.promise
      stream.enqueue(bytesOf('second'))
      stream.close()
    },
  })
  const upload = fetch(location, { method: 'PATCH', body })
  await Bun.sleep(300)
  for (const pid of await workersOf(berth)) process.kill(pid, 'SIGINT')
  const ended = berth.stop('SIGINT')
  await Bun.sleep(300)
  gate.resolve()
  expect((await upload).status).toBe(202)
  expect(await ended).toBe(0)
}, 60_000)

test('refuses a port that another Berth shares among its own workers', async () => {
  const berth = await startBerth({ env: two })
  const refused = startCommand(
    ['serve', '--listen', `127.0.0.1:${berth.port}`, '--data', await temporaryDirectory()],
    two,
  )
  expect(await refused.exited).toBe(1)
  expect(await new Response(refused.stderr).text()).toContain('something else listens there')
  await berth.stop()
}, 60_000)

test('says in one line that a worker was killed before all of them served, and ends', async () => {
  const port = await freePort()
  const starting = startCommand(
    ['serve', '--listen', `127.0.0.1:${port}`, '--data', await temporaryDirectory()],
    two,
  )
  await until(async () => {
    for (const pid of await workersOf({ process: starting })) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (command.includes('serve-worker')) return process.kill(pid, 'SIGKILL')
    }
    return false
  })
  expect(await starting.exited).toBe(1)
  expect(await new Response(starting.stderr).text()).toMatch(
    /^berth: one of the processes was ended by SIGKILL before it served: [^\n]+\n$/,
  )
  await expect(anew(`http://127.0.0.1:${port}/`)).rejects.toThrow()
}, 60_000)
