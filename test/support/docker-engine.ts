import { join } from 'node:path'
import { removeDirectory, temporaryDirectory } from './berth.ts'
import { attempt, type CommandOptions, type CommandResult, run } from './command.ts'
import { afterThisProcess, quoted } from './janitor.ts'

/** A Docker Engine of the test's own, and the client that talks to it. */
export interface DockerEngine {
  /** Runs `docker` to its end and resolves with its stdout; throws with its stderr if it fails. */
  docker(args: readonly string[], options?: CommandOptions): Promise<string>
  /** Runs `docker` to its end, whichever that is. */
  attempt(args: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** Ends the engine with all its containers, and removes everything it stored. */
  stop(): Promise<void>
}

export interface DockerEngineOptions {
  /** Flags for dockerd. */
  flags?: readonly string[]
  /** Whether containers get a network of their own, for `docker run -p`; without, only `--network none|host` work. */
  network?: boolean
}

const script = join(import.meta.dir, 'docker-engine.sh')

/** Starts an engine beside those of the machine: its directory, bridge and containerd namespace are its own. */
export async function startDockerEngine(options: DockerEngineOptions = {}): Promise<DockerEngine> {
  const home = await temporaryDirectory()
  const bridge = options.network ? await addBridge() : 'none'
  const namespace = home.slice(home.lastIndexOf('/') + 1)
  const flags = [
    `--bridge=${bridge}`,
    // Another engine's rules stay as they are; published ports go through docker-proxy.
    '--iptables=false',
    `--containerd-namespace=${namespace}`,
    `--containerd-plugins-namespace=${namespace}-plugins`,
  ]
  const env = {
    DOCKER_HOME: home,
    DOCKER_HOST: `unix://${home}/docker.sock`,
    DOCKER_CONFIG: join(home, 'client'),
    DOCKER_BUILDKIT: '0',
  }
  afterThisProcess(`DOCKER_HOME=${quoted(home)} ${quoted(script)} stop; rm -rf ${quoted(home)}`)
  await run(script, ['start', ...flags, ...(options.flags ?? [])], { env })
  return {
    docker: (args, more) => run('docker', args, { ...more, env: { ...env, ...more?.env } }),
    attempt: (args, more) => attempt('docker', args, { ...more, env: { ...env, ...more?.env } }),
    async stop() {
      await run(script, ['stop'], { env })
      if (options.network) await run('ip', ['link', 'delete', bridge])
      await removeDirectory(home)
    },
  }
}

/** Adds a bridge in the network that RFC 2544 reserves for tests, and resolves with its name. */
async function addBridge(): Promise<string> {
  const name = `berth${process.pid}`
  await run('ip', ['link', 'add', name, 'type', 'bridge'])
  afterThisProcess(`ip link delete ${name}`)
  await run('ip', ['address', 'add', `198.18.${process.pid % 256}.1/24`, 'dev', name])
  await run('ip', ['link', 'set', name, 'up'])
  return name
}
