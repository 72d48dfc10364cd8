import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './berth.ts'
import { afterThisProcess, quoted } from './janitor.ts'

export interface Pgbouncer extends AsyncDisposable {
  /** The URL of the same database through it. */
  readonly url: string
}

const setpriv = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups', '--']

/**
 * A PgBouncer of one test's own, in transaction mode with few connections, so that sessions are shared indeed.
 * @param settings lines of its configuration
 */
export async function startPgbouncer(database: string, settings: readonly string[] = []): Promise<Pgbouncer> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-pgbouncer-'))
  afterThisProcess(`rm -rf ${quoted(directory)}`)
  const { hostname, port, username, password, pathname } = new URL(database)
  const own = await freePort()
  await writeFile(join(directory, 'users'), `"${username}" "${password}"\n`)
  await writeFile(
    join(directory, 'pgbouncer.ini'),
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${directory}/users
pool_mode = transaction
default_pool_size = 3
${settings.join('\n')}
`,
  )
  await chmod(directory, 0o755)
  const command = ['pgbouncer', '-q', join(directory, 'pgbouncer.ini')]
  // It refuses to run as root.
  const asUser = process.getuid?.() === 0 ? [...setpriv, ...command] : command
  const child = Bun.spawn(asUser, { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
  const url = new URL(database)
  url.port = String(own)
  url.pathname = pathname
  await untilAnswering(url.href, child)
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await child.exited
    },
  }
}

async function untilAnswering(url: string, child: Bun.Subprocess): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      return
    } catch (error) {
      if (child.exitCode !== null || Date.now() > deadline) throw error
      await Bun.sleep(50)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}
