import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterThisProcess, quoted } from './janitor.ts'
import { metadataOf } from './metadata.ts'

/** A Berth server in a process of its own, as a user would run it. */
export interface RunningBerth {
  readonly url: string
  readonly port: number
  readonly data: string
  readonly process: Bun.Subprocess
  /** What the server has printed so far, on both streams. */
  output(): string
  /** Ends the server with the signal (SIGTERM unless told) and resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

export interface BerthOptions {
  /** Data directory; a new temporary one unless given. */
  data?: string
  port?: number
  args?: readonly string[]
  env?: Record<string, string>
  /** Serves HTTPS with these PEM files. */
  tls?: { readonly certificate: string; readonly key: string }
}

export const berthExecutable = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

/** Starts `berth serve` on a loopback port and waits until it answers. BERTH_BIN names another executable. */
export async function startBerth(options: BerthOptions = {}): Promise<RunningBerth> {
  const data = options.data ?? (await temporaryDirectory())
  const port = options.port ?? (await freePort())
  const child = Bun.spawn(
    [
      berthExecutable,
      'serve',
      '--listen',
      `127.0.0.1:${port}`,
      '--data',
      data,
      ...tlsFlags(options),
      ...(options.args ?? []),
    ],
    { env: { ...process.env, ...(await metadataOf(data)), ...options.env }, stdout: 'pipe', stderr: 'pipe' },
  )
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    void (async () => {
      const decoder = new TextDecoder()
      for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true })
    })()
  }
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`
  await untilAnswering(url, child, () => printed)
  return {
    url,
    port,
    data,
    process: child,
    output: () => printed,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return child.exited
    },
  }
}

function tlsFlags({ tls }: BerthOptions): string[] {
  return tls ? ['--tls-certificate', tls.certificate, '--tls-key', tls.key] : []
}

async function untilAnswering(url: string, child: Bun.Subprocess, printed: () => string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`berth ended with ${child.exitCode}:\n${printed()}`)
    try {
      await fetch(`${url}/v2/`, { tls: { rejectUnauthorized: false } })
      return
    } catch {
      await Bun.sleep(20)
    }
  }
  child.kill('SIGKILL')
  throw new Error(`berth did not answer on ${url} within 20 s:\n${printed()}`)
}

/** A directory that is removed when the process ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-test-'))
  afterThisProcess(`rm -rf ${quoted(directory)}`)
  return directory
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}

/** A loopback port that nothing listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(address)))
    })
  })
}
