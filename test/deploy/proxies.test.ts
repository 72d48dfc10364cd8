import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { freePort, type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { requireTools } from '../support/require.ts'
import { readText } from './files.ts'

interface Proxy {
  readonly name: string
  readonly file: string
  /** The example, as it stands but for addresses. */
  adapted(text: string, addresses: { own: string; berth: string }): string
  command(file: string, directory: string): readonly string[]
}

const proxies: readonly Proxy[] = [
  {
    name: 'haproxy',
    file: 'deploy/haproxy/haproxy.cfg',
    adapted: (text, { own, berth }) =>
      text
        .replace('bind :5000', `bind ${own}`)
        .replace(/^ {2}server-template .*$/m, `  server one ${berth}\n  server two ${berth}`),
    command: (file) => ['haproxy', '-db', '-f', file],
  },
  {
    name: 'nginx',
    file: 'deploy/nginx/berth.conf',
    adapted: (text, { own, berth }) =>
      `daemon off; pid nginx.pid; error_log stderr; events {}\nhttp { access_log off;\n${text
        .replaceAll(/10\.0\.0\.1\d:5000/g, berth)
        .replace('listen 80', `listen ${own}`)}}`,
    command: (file, directory) => ['nginx', '-p', directory, '-c', file],
  },
  {
    name: 'caddy',
    file: 'deploy/caddy/Caddyfile',
    adapted: (text, { own, berth }) =>
      `{\n\tadmin off\n}\n${text
        .replaceAll(/10\.0\.0\.1\d:5000/g, berth)
        .replace('registry.example.com {', `http://${own} {`)}`,
    command: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  },
]

/** More than any of them would hold in memory, or allow by itself. */
const blob = randomBytes(24 * 2 ** 20)

describe('a registry behind', () => {
  let berth: RunningBerth
  beforeAll(async () => {
    berth = await startBerth()
  })
  afterAll(async () => {
    await berth?.stop()
  })

  for (const proxy of proxies) {
    test.skipIf(!requireTools([proxy.name]))(
      `${proxy.name}, as the example has it, takes and gives large blobs`,
      async () => {
        const url = await start(proxy)
        const digest = digestOf(blob)
        const repository = `${url}/v2/${proxy.name}`
        const opened = await fetch(`${repository}/blobs/uploads/`, { method: 'POST' })
        expect(opened.status).toBe(202)
        const location = new URL(opened.headers.get('location') ?? '', url)
        expect(location.origin).toBe(url)
        const sent = await fetch(location, { method: 'PATCH', body: blob })
        expect(sent.status).toBe(202)
        const closing = new URL(sent.headers.get('location') ?? '', url)
        closing.searchParams.set('digest', digest)
        expect((await fetch(closing, { method: 'PUT' })).status).toBe(201)
        const got = await fetch(`${repository}/blobs/${digest}`)
        expect(digestOf(await got.bytes())).toBe(digest)
      },
    )

    test.skipIf(!requireTools([proxy.name]))(
      `${proxy.name} hands an upload on while it arrives`,
      async () => {
        const url = await start(proxy)
        const opened = await fetch(`${url}/v2/streamed/blobs/uploads/`, { method: 'POST' })
        const location = new URL(opened.headers.get('location') ?? '', url)
        let release = () => {}
        const gate = new Promise<void>((resolve) => {
          release = resolve
        })
        const body = new ReadableStream({
          async start(stream) {
            stream.enqueue(blob.subarray(0, 2 ** 20))
            await gate
            stream.close()
          },
        })
        const upload = fetch(location, { method: 'PATCH', body })
        // The server has the upload in hand before its body ends, look after look; a probe would be gone by the next.
        let looks = 0
        for (let tries = 0; tries < 200 && looks < 10; tries += 1) {
          const metrics = await (await fetch(`${berth.url}/metrics`)).text()
          const others = Number(/^berth_http_requests_in_flight (\d+)/m.exec(metrics)?.[1]) - 1
          looks = others >= 1 ? looks + 1 : 0
          await Bun.sleep(20)
        }
        expect(looks).toBe(10)
        release()
        expect((await upload).status).toBe(202)
      },
    )
  }

  const running: Bun.Subprocess[] = []
  const started = new Map<string, string>()
  afterAll(async () => {
    for (const child of running) child.kill('SIGTERM')
    await Promise.all(running.map(({ exited }) => exited))
  })

  /** Once for all tests of one. */
  async function start(proxy: Proxy): Promise<string> {
    const before = started.get(proxy.name)
    if (before) return before
    const directory = await temporaryDirectory()
    await mkdir(join(directory, 'logs'))
    const own = `127.0.0.1:${await freePort()}`
    const file = join(directory, proxy.name)
    const { text } = await readText(proxy.file)
    await Bun.write(file, proxy.adapted(text, { own, berth: `127.0.0.1:${berth.port}` }))
    const child = Bun.spawn([...proxy.command(file, directory)], {
      env: { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
      stdout: 'ignore',
      stderr: Bun.file(join(directory, 'stderr')),
    })
    running.push(child)
    const url = `http://${own}`
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await fetch(`${url}/readyz`).catch(() => undefined))?.ok) {
        started.set(proxy.name, url)
        return url
      }
      await Bun.sleep(50)
    }
    throw new Error(`${proxy.name} does not answer:\n${await Bun.file(join(directory, 'stderr')).text()}`)
  }
})
