import { join } from 'node:path'
import { freePort } from '../support/berth.ts'
import { metadataOf } from '../support/metadata.ts'

const executable = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

/** A server that is starting or runs, and may be killed at any moment. */
export interface Server {
  readonly url: string
  readonly process: Bun.Subprocess
  /** Resolves when it answers. @throws when it ended before */
  answering(): Promise<void>
  /** What it printed, on both streams. */
  output(): string
  /** Resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<number>
}

/** What every server of the harnesses is set to, unless told otherwise. */
const common = {
  // The model counts on an acknowledged index having its children.
  BERTH_MANIFESTS_MISSING: 'none',
  BERTH_STORAGE_MIN_FREE: '0',
  BERTH_LOG_LEVEL: 'warn',
}

export type Environment = Readonly<Record<string, string>>

/** Starts `berth serve`, on a port that no earlier server had, so that no request reaches the wrong one. */
export async function startServer({
  data,
  env = {},
  wrap = [],
  berth = executable,
}: {
  data: string
  env?: Environment
  /** A program that runs the server, with its arguments. */
  wrap?: readonly string[]
  /** Another build. */
  berth?: string
}): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const command = [...wrap, berth, 'serve', '--listen', `127.0.0.1:${port}`, '--data', data]
  const child = Bun.spawn(command, {
    env: { ...process.env, ...common, ...(await metadataOf(data)), ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    void (async () => {
      const decoder = new TextDecoder()
      for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true })
    })()
  }
  return {
    url,
    process: child,
    output: () => printed,
    async answering() {
      const deadline = Date.now() + 30_000
      while (!(await answers(url))) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`berth serve ended with ${child.exitCode ?? child.signalCode}:\n${printed}`)
        if (Date.now() > deadline) throw new Error(`berth serve does not answer:\n${printed}`)
        await Bun.sleep(5)
      }
    },
    async end(signal) {
      child.kill(signal)
      return child.exited
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/v2/`)
    return true
  } catch {
    return false
  }
}

/** Starts a command that works on a data directory, beside a server or alone. */
export function startCommand(
  args: readonly string[],
  env: Environment = {},
): Bun.Subprocess<'ignore', 'pipe', 'pipe'> {
  return Bun.spawn([executable, ...args], {
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

/** Lines of a server's log that tell of a fault, whatever the clients saw. */
export function faultsIn(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => /a request failed|(collector|sweep) failed|unhandled|panic/i.test(line))
}
