import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPostgresMetadataStore } from '../../src/metadata/postgres/postgres-metadata-store.ts'
import { temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts'
import { administer, optionsFor, requirePostgres } from '../support/postgres.ts'
import { requireTools } from '../support/require.ts'

const canRun = requirePostgres('TLS to PostgreSQL') && requireTools(['openssl'])

describe.skipIf(!canRun)('TLS to a PostgreSQL whose certificate is for localhost', () => {
  let postgres: OwnPostgres
  let certificates: string

  beforeAll(async () => {
    certificates = await makeCertificates()
    const file = (name: string) => join(certificates, name)
    postgres = await startOwnPostgres(
      `-c ssl=on -c ssl_cert_file=${file('server.crt')} -c ssl_key_file=${file('server.key')} -c ssl_ca_file=${file('ca.crt')} -c hba_file=${file('hba')}`,
    )
    await administer(postgres.url, 'create role client login superuser')
  }, 60_000)
  afterAll(() => postgres?.stop())

  async function connect(host: string, parameters: string, user = 'berth:berth'): Promise<boolean> {
    const { port } = new URL(postgres.url)
    const url = `postgres://${user}@${host}:${port}/postgres?${parameters}`
    const store = await openPostgresMetadataStore({ ...optionsFor(url), patience: 0 })
    try {
      await store.check()
      const connections = await administer<{ ssl: boolean }>(
        postgres.url,
        `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'berth'`,
      )
      expect(connections.length).toBeGreaterThan(0)
      return connections.every(({ ssl }) => ssl)
    } finally {
      await store.close()
    }
  }

  const root = () => `sslrootcert=${join(certificates, 'ca.crt')}`

  test('is not asked for unless the URL says so', async () => {
    expect(await connect('localhost', '')).toBe(false)
  })

  test('require encrypts, and checks nobody’s signature', async () => {
    expect(await connect('127.0.0.1', 'sslmode=require')).toBe(true)
  })

  test('verify-ca checks who signed', async () => {
    expect(await connect('127.0.0.1', `sslmode=verify-ca&${root()}`)).toBe(true)
    await expect(connect('127.0.0.1', 'sslmode=verify-ca')).rejects.toThrow(/certificate/)
  })

  test('verify-full checks the name too', async () => {
    expect(await connect('localhost', `sslmode=verify-full&${root()}`)).toBe(true)
    await expect(connect('127.0.0.1', `sslmode=verify-full&${root()}`)).rejects.toThrow(
      /ERR_TLS_CERT|altname/i,
    )
  })

  test('a client is known by its certificate', async () => {
    const own = `sslcert=${join(certificates, 'client.crt')}&sslkey=${join(certificates, 'client.key')}`
    expect(await connect('localhost', `sslmode=verify-full&${root()}&${own}`, 'client')).toBe(true)
    await expect(connect('localhost', `sslmode=verify-full&${root()}`, 'client')).rejects.toThrow(
      /can not be used/,
    )
  })

  test('a file that is not there is named', async () => {
    await expect(connect('localhost', 'sslmode=verify-full&sslrootcert=/nowhere.crt')).rejects.toThrow(
      'the file of sslrootcert, /nowhere.crt, can not be read: ENOENT',
    )
  })
})

async function makeCertificates(): Promise<string> {
  const directory = await temporaryDirectory()
  const openssl = (...args: string[]) => run('openssl', args, { directory })
  const key = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    name,
  ]
  await openssl(
    'req',
    '-x509',
    ...key('ca.key'),
    '-out',
    'ca.crt',
    '-subj',
    '/CN=ca of the tests',
    '-days',
    '2',
  )
  await writeFile(join(directory, 'names'), 'subjectAltName=DNS:localhost\n')
  for (const [name, subject] of [
    ['server', 'localhost'],
    ['client', 'client'],
  ]) {
    await openssl('req', ...key(`${name}.key`), '-out', `${name}.csr`, '-subj', `/CN=${subject}`)
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
    const names = name === 'server' ? ['-extfile', 'names'] : []
    await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...signed, ...names)
  }
  await writeFile(
    join(directory, 'hba'),
    'hostssl all client 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256\n',
  )
  await chmod(directory, 0o755)
  const serverKey = join(directory, 'server.key')
  await chmod(serverKey, 0o600)
  // The server runs as a user of its own, and takes only a key that is its user's.
  if (process.getuid?.() === 0) {
    const [uid = 0, gid = 0] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number(await run('id', [flag, 'postgres']))),
    )
    await chown(serverKey, uid, gid)
  }
  return directory
}
