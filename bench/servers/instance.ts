import { createServer } from 'node:net'
import { end, startDaemon } from '../children.ts'

/** One server process with a data directory of its own. */
export interface Instance {
  readonly url: string
  readonly data: string
  /** The file that all its output goes to. */
  readonly log: string
  readonly pid: number
  /** Milliseconds from spawning the process to its first answer. */
  readonly startedIn: number
  stop(): Promise<void>
}

export interface Launch {
  readonly data: string
  readonly port: number
  readonly log: string
  readonly command: readonly string[]
  readonly env: Record<string, string | undefined>
}

export async function launch({ data, port, log, command, env }: Launch): Promise<Instance> {
  const url = `http://127.0.0.1:${port}`
  const spawned = performance.now()
  const child = startDaemon(command, { log, env })
  try {
    await untilAnswering(`${url}/v2/`, child)
  } catch (cause) {
    const said = (await Bun.file(log).text()).trim().slice(-2_000)
    throw new Error(`${command.join(' ')}: ${cause instanceof Error ? cause.message : cause} ${said}`, {
      cause,
    })
  }
  return { url, data, log, pid: child.pid, startedIn: performance.now() - spawned, stop: () => end(child) }
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

async function untilAnswering(url: string, child: Bun.Subprocess): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before it answered`)
    try {
      const response = await fetch(url, { keepalive: false })
      await response.arrayBuffer()
      if (response.status !== 200) throw new NotOpen(`answers GET /v2/ with ${response.status}`)
      return
    } catch (error) {
      if (error instanceof NotOpen) throw error
      await Bun.sleep(3)
    }
  }
  await end(child)
  throw new Error('did not answer within 60 s')
}

class NotOpen extends Error {}
