import { afterThisProcess, quoted } from './janitor.ts'
import { makeDatabase, postgresServer } from './postgres.ts'

/** BERTH_TEST_METADATA=postgres has every server of the suites keep its metadata in the PostgreSQL of the tests. */
const onPostgres = process.env.BERTH_TEST_METADATA === 'postgres'

/** By data directory: a server that is started again on it finds what it had. */
const databases = new Map<string, Promise<string>>()

/** The environment of a server, or of a command beside it, on a data directory. */
export async function metadataOf(data: string): Promise<Record<string, string>> {
  if (!onPostgres) return {}
  if (!postgresServer) throw new Error('BERTH_TEST_METADATA=postgres needs BERTH_TEST_POSTGRES')
  const server = postgresServer
  let database = databases.get(data)
  if (!database) {
    database = makeDatabase(server)
    databases.set(data, database)
    const url = await database
    const name = new URL(url).pathname.slice(1)
    afterThisProcess(
      `psql ${quoted(server)} -qc 'drop database if exists ${name} with (force)' >/dev/null 2>&1`,
    )
  }
  return { BERTH_METADATA_URL: await database, BERTH_ACCESS_OPEN: 'true', BERTH_METADATA_POOL: '5' }
}

/** The same for a command that names a data directory. */
export async function metadataOfCommand(args: readonly string[]): Promise<Record<string, string>> {
  const data = args[args.indexOf('--data') + 1]
  return args.includes('--data') && data !== undefined ? metadataOf(data) : {}
}
