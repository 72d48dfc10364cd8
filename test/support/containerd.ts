import { join } from 'node:path'
import { removeDirectory, temporaryDirectory } from './berth.ts'
import { attempt, run } from './command.ts'
import { afterThisProcess, quoted } from './janitor.ts'

/** A containerd of the test's own, and the client that talks to it. */
export interface Containerd {
  /** Runs `ctr` to its end and resolves with its stdout; throws with its stderr if it fails. */
  ctr(...args: string[]): Promise<string>
  /** The digests of all the content that it holds, sorted. */
  held(): Promise<string[]>
  /** Ends it and removes everything it stored. */
  stop(): Promise<void>
}

/** Starts a containerd that stores and listens only in a temporary directory. */
export async function startContainerd(): Promise<Containerd> {
  const home = await temporaryDirectory()
  const address = join(home, 'containerd.sock')
  const config = join(home, 'config.toml')
  await Bun.write(
    config,
    `version = 2
root = "${home}/root"
state = "${home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${address}"
[ttrpc]
address = "${address}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
path = "${home}/opt"
`,
  )
  const log = Bun.file(join(home, 'log'))
  const daemon = Bun.spawn(['containerd', '--config', config, '--log-level', 'error'], {
    stdout: log,
    stderr: log,
  })
  const { pid } = daemon
  afterThisProcess(`grep -qs ${quoted(home)} /proc/${pid}/cmdline && kill ${pid}; rm -rf ${quoted(home)}`)
  const ctr = (...args: string[]) => run('ctr', ['--address', address, ...args])
  const deadline = Date.now() + 20_000
  while ((await attempt('ctr', ['--address', address, 'version'])).exitCode !== 0) {
    if (daemon.exitCode !== null || Date.now() > deadline) {
      daemon.kill()
      throw new Error(`containerd does not answer:\n${await log.text()}`)
    }
    await Bun.sleep(50)
  }
  return {
    ctr,
    async held() {
      const digests = await ctr('content', 'ls', '-q')
      return digests.split('\n').filter(Boolean).sort()
    },
    async stop() {
      daemon.kill()
      await daemon.exited
      await removeDirectory(home)
    },
  }
}
