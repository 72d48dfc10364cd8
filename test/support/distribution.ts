import { homedir } from 'node:os'
import { join } from 'node:path'
import { freePort, temporaryDirectory } from './berth.ts'
import { afterThisProcess } from './janitor.ts'
import { requireTools } from './require.ts'

/** A real distribution, in a process of its own. */
export interface RunningDistribution {
  readonly url: string
  readonly port: number
  /** Its storage.filesystem.rootdirectory. */
  readonly data: string
  stop(): Promise<void>
}

/** Where `go install` puts distribution 3; Debian's package is distribution 2.8, as `registry:2`. */
const goBinaries = process.env.GOBIN ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin')
const places: Readonly<Record<string, readonly string[]>> = {
  registry: [Bun.which('registry') ?? join(goBinaries, 'registry')],
  'docker-registry': ['docker-registry'],
}

/** The program's path; undefined where it is missing and the suite is skipped. Throws in CI. */
export function distributionProgram(name: 'registry' | 'docker-registry'): string | undefined {
  return places[name]?.find((path) => requireTools([path]))
}

/** @param options.notified the URL that it tells what happens */
export async function startDistribution(
  program: string,
  { notified }: { notified?: string } = {},
): Promise<RunningDistribution> {
  const home = await temporaryDirectory()
  const data = join(home, 'data')
  const port = await freePort()
  await Bun.write(join(home, 'config.yml'), configuration({ data, port, notified }))
  const child = Bun.spawn([program, 'serve', join(home, 'config.yml')], {
    // Distribution 3 sends traces to a collector on this machine unless told otherwise.
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  // Also where a test fails before it stops it.
  afterThisProcess(`kill ${child.pid} 2>/dev/null`)
  const url = `http://127.0.0.1:${port}`
  for (const deadline = Date.now() + 20_000; ; await Bun.sleep(20)) {
    if (await fetch(`${url}/v2/`).catch(() => undefined)) break
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${program} does not answer on ${url}`)
  }
  return {
    url,
    port,
    data,
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

function configuration({
  data,
  port,
  notified,
}: {
  data: string
  port: number
  notified: string | undefined
}): string {
  const endpoint = `{ name: test, url: "${notified}", timeout: 5s, threshold: 3, backoff: 1s }`
  return `version: 0.1
log: { level: error }
storage:
  filesystem: { rootdirectory: ${data} }
  delete: { enabled: true }
http: { addr: "127.0.0.1:${port}", secret: test }
${notified === undefined ? '' : `notifications: { endpoints: [${endpoint}] }\n`}`
}
