import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './berth.ts'
import { run } from './command.ts'
import { afterThisProcess, quoted } from './janitor.ts'

/** A PostgreSQL of one test's own, which may be made to crash. */
export interface OwnPostgres {
  readonly url: string
  /** Ends all its processes at once; what was committed is kept. */
  crash(): Promise<void>
  recover(): Promise<void>
  stop(): Promise<void>
}

const script = join(import.meta.dir, '../../.ci/postgres')

/** @param options more of the server's own options, such as `-c max_connections=20` */
export async function startOwnPostgres(options = ''): Promise<OwnPostgres> {
  const home = join(tmpdir(), `berth-postgres-${crypto.randomUUID().slice(0, 8)}`)
  const env = {
    BERTH_POSTGRES_HOME: home,
    BERTH_POSTGRES_PORT: String(await freePort()),
    BERTH_POSTGRES_OPTIONS: options,
  }
  afterThisProcess(`BERTH_POSTGRES_HOME=${quoted(home)} ${quoted(script)} stop`)
  const url = (await run(script, ['start'], { env })).trim()
  const act = async (verb: string) => {
    await run(script, [verb], { env })
  }
  return {
    url,
    crash: () => act('crash'),
    recover: () => act('recover'),
    stop: () => act('stop'),
  }
}
