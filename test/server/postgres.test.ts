import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { startPgbouncer } from '../support/pgbouncer.ts'
import {
  administer,
  dropDatabase,
  makeDatabase,
  postgresServer,
  requirePostgres,
} from '../support/postgres.ts'
import { pushImage } from '../support/push.ts'
import { requireTools } from '../support/require.ts'

const bin = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

describe.skipIf(!requirePostgres('a server on PostgreSQL'))('a server on PostgreSQL', () => {
  const server = postgresServer ?? ''
  let database: string
  let data: string
  let env: Record<string, string>

  beforeAll(async () => {
    database = await makeDatabase(server)
    data = await temporaryDirectory()
    env = { BERTH_METADATA_URL: database, BERTH_ACCESS_OPEN: 'true', BERTH_DATA: data }
  })
  afterAll(() => dropDatabase(database))

  const berth = (...args: string[]) => attempt(bin, args, { env })

  test('several that start at once on an empty database make its tables once, and serve the same', async () => {
    const replicas = await Promise.all(Array.from({ length: 4 }, () => startBerth({ data, env })))
    try {
      const [first, second] = replicas as [RunningBerth, RunningBerth]
      await pushImage({ url: first.url, repository: 'app' }, { reference: 'v1', content: 'a layer' })
      expect((await fetch(`${second.url}/v2/app/manifests/v1`)).status).toBe(200)
      const migrations = await administer<{ version: number }>(database, 'select version from migrations')
      expect(new Set(migrations.map(({ version }) => version)).size).toBe(migrations.length)
    } finally {
      for (const replica of replicas) expect(await replica.stop()).toBe(0)
    }
  })

  test('says on its first lines which database it uses, without the password', async () => {
    const secret = new URL(database)
    const replica = await startBerth({ data, env })
    await Bun.sleep(50)
    const [, metadata, blobs] = replica.output().split('\n')
    expect(metadata).toBe(`Metadata:  postgres://${secret.host}${secret.pathname}`)
    expect(blobs).toBe(`Blobs:     ${data}`)
    expect(replica.output()).not.toContain(`:${secret.password}@`)
    await replica.stop()
  })

  test('refuses to start without accounts, unless being open is meant', async () => {
    const { exitCode, stderr } = await attempt(bin, ['serve', '--data', data], {
      env: { ...env, BERTH_ACCESS_OPEN: 'false' },
    })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('access.open')
  })

  test.each(['user add alice --admin --password-stdin', 'import htpasswd /dev/stdin'])(
    'starts closed on an empty database where an account was made before: %s',
    async (line) => {
      const input = line.startsWith('import') ? `alice:$2y$05$${'a'.repeat(53)}\n` : 'nine-tidal-lanterns\n'
      const empty = await makeDatabase(server)
      const data = await temporaryDirectory()
      const own = { BERTH_METADATA_URL: empty, BERTH_ACCESS_OPEN: 'false', BERTH_DATA: data }
      try {
        const made = await attempt(bin, line.split(' '), { env: { ...env, ...own }, input })
        expect(made).toMatchObject({ exitCode: 0 })
        const registry = await startBerth({ data, env: own })
        expect((await fetch(`${registry.url}/v2/`)).status).toBe(401)
        await registry.stop()
      } finally {
        await dropDatabase(empty)
      }
    },
  )

  test('is managed by commands with the same settings, beside servers or without one', async () => {
    const list = await berth('repo', 'list', '--output', 'json')
    expect(JSON.parse(list.stdout).repositories.map(({ name }: { name: string }) => name)).toEqual(['app'])
    expect((await berth('verify')).exitCode).toBe(0)
    expect((await berth('gc', '--dry-run')).exitCode).toBe(0)
    expect((await berth('gc')).exitCode).toBe(0)
    expect((await berth('read-only', 'status')).stdout).toContain('takes pushes')
    expect((await berth('tag', 'delete', 'app:v1')).exitCode).toBe(0)
    expect((await berth('trash', 'list')).stdout).toContain('app')
    const file = join(await temporaryDirectory(), 'berth.yaml')
    await writeFile(file, `data: ${data}\nmetadata: { url: '${database}' }\n`)
    const { exitCode } = await attempt(bin, ['repo', 'list', '--config', file])
    expect(exitCode).toBe(0)
  })

  test('is backed up by PostgreSQL’s own means, as the commands for it say', async () => {
    for (const args of [['backup', join(await temporaryDirectory(), 'copy')], ['rebuild']]) {
      const { exitCode, stderr } = await berth(...args)
      expect(exitCode).toBe(1)
      expect(stderr).toContain('PostgreSQL')
      expect(stderr).toContain('gc.keep-objects')
    }
  })

  test('takes no data directory that holds a registry of its own', async () => {
    const embedded = await startBerth({ env: { BERTH_METADATA_URL: '' } })
    await embedded.stop()
    const { exitCode, stderr } = await attempt(bin, ['serve', '--data', embedded.data], { env })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('holds a registry of its own')
  })

  test('a command on a database without a registry says so, and makes none', async () => {
    const empty = await makeDatabase(server)
    try {
      const { exitCode, stderr } = await attempt(bin, ['gc'], { env: { ...env, BERTH_METADATA_URL: empty } })
      expect(exitCode).toBe(1)
      expect(stderr).toContain('there is no registry in postgres://')
      const tables = await administer(empty, `select from pg_tables where schemaname = 'public'`)
      expect(tables).toEqual([])
    } finally {
      await dropDatabase(empty)
    }
  })

  test('a wrong password is told without it, and a file that holds the right one is taken', async () => {
    const url = new URL(database)
    const { password } = url
    url.password = 'not-this-one'
    const wrong = await attempt(bin, ['repo', 'list'], { env: { ...env, BERTH_METADATA_URL: url.href } })
    expect(wrong.exitCode).toBe(1)
    expect(wrong.stderr).toContain('password authentication failed')
    expect(wrong.stderr).not.toContain('not-this-one')
    url.password = ''
    const none = await attempt(bin, ['repo', 'list'], { env: { ...env, BERTH_METADATA_URL: url.href } })
    expect(none.stderr).toContain('metadata.password-file')
    const file = join(await temporaryDirectory(), 'password')
    await writeFile(file, `${password}\n`)
    const right = await attempt(bin, ['repo', 'list'], {
      env: { ...env, BERTH_METADATA_URL: url.href, BERTH_METADATA_PASSWORD_FILE: file },
    })
    expect(right.exitCode).toBe(0)
    const fromEnvironment = await attempt(bin, ['repo', 'list'], {
      env: { ...env, BERTH_METADATA_URL: url.href, PGPASSWORD: password },
    })
    expect(fromEnvironment.exitCode).toBe(0)
  })

  test('a URL that is no URL is refused without telling its password', async () => {
    const url = 'postgres://berth:sec#ret@127.0.0.1/berth'
    const { exitCode, stderr } = await attempt(bin, ['gc'], { env: { ...env, BERTH_METADATA_URL: url } })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('special characters')
    expect(stderr).not.toContain('ret@')
  })

  test('a database that is not there is told of after a bounded time', async () => {
    const env = { BERTH_METADATA_URL: 'postgres://a:b@127.0.0.1:1/c', BERTH_METADATA_PATIENCE: '1s' }
    const { exitCode, stderr } = await attempt(bin, ['repo', 'list', '--data', data], { env })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('PostgreSQL at postgres://127.0.0.1:1/c can not be used')
  })
})

const canBounce = requirePostgres('a server behind PgBouncer') && requireTools(['pgbouncer'])

describe.skipIf(!canBounce)('a server behind PgBouncer in transaction mode', () => {
  test.each([
    ['as it comes', []],
    [
      'with ignored start-up parameters',
      ['ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout'],
    ],
  ])(
    '%s serves many at once',
    async (_, settings) => {
      const database = await makeDatabase(postgresServer ?? '')
      await using bouncer = await startPgbouncer(database, settings)
      const env = { BERTH_METADATA_URL: bouncer.url, BERTH_ACCESS_OPEN: 'true' }
      const replica = await startBerth({ env })
      try {
        const images = Array.from({ length: 20 }, (_, index) => index)
        await Promise.all(
          images.map((index) =>
            pushImage(
              { url: replica.url, repository: `app-${index % 3}` },
              { reference: `v${index}`, content: `layer ${index}` },
            ),
          ),
        )
        for (const index of images)
          expect((await fetch(`${replica.url}/v2/app-${index % 3}/manifests/v${index}`)).status).toBe(200)
        expect((await attempt(bin, ['gc', '--data', replica.data], { env })).exitCode).toBe(0)
        expect(replica.output()).not.toMatch(/error|failed/)
      } finally {
        await replica.stop()
        await dropDatabase(database)
      }
    },
    60_000,
  )
})
