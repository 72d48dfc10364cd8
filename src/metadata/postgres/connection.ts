import { readFile } from 'node:fs/promises'
import { type ConnectionOptions, rootCertificates } from 'node:tls'
import type { ClientConfig } from 'pg'
import { RegistryError } from '../../oci/errors.ts'

/** Where a PostgreSQL is, and as whom. What is missing comes from PGHOST, PGUSER and so on, or is PostgreSQL's usual. */
export interface PostgresAddress {
  /** A name, an address, or the directory of a socket. */
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly applicationName: string | undefined
  readonly tls: {
    /** As libpq has it: `require` encrypts, `verify-ca` also checks who signed, `verify-full` also for which name. */
    readonly mode: 'disable' | 'require' | 'verify-ca' | 'verify-full'
    /** Paths of PEM files. */
    readonly rootCertificate: string | undefined
    readonly certificate: string | undefined
    readonly key: string | undefined
  }
}

export interface ConnectionSettings {
  readonly address: PostgresAddress
  /** Read for each new connection, so that a password that changes needs no restart. */
  readonly passwordFile?: string | undefined
  /** Milliseconds that one attempt to connect may take. */
  readonly connectTimeout: number
  /** Milliseconds after which the database ends a statement; 0: never. */
  readonly statementTimeout: number
  /** Milliseconds that a statement waits for a lock; 0: for good. */
  readonly lockTimeout: number
}

/** What an operator calls the database: without user and password. */
export function placeOf({ host, port, database, user }: PostgresAddress): string {
  const server = host ?? process.env.PGHOST ?? 'localhost'
  const name = database ?? process.env.PGDATABASE ?? user ?? ''
  return `postgres://${server.includes(':') ? `[${server}]` : server}${port === undefined ? '' : `:${port}`}/${name}`
}

/** What the driver is told about a connection, but for the timeouts that the server keeps. */
export async function clientConfig(settings: ConnectionSettings): Promise<ClientConfig> {
  const { address, connectTimeout, statementTimeout } = settings
  const { host, port, user, database, applicationName } = address
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(database !== undefined && { database }),
    ...passwordOf(settings),
    application_name: applicationName ?? 'berth',
    ssl: await tlsOptions(address.tls, host),
    keepAlive: true,
    connectionTimeoutMillis: connectTimeout,
    // The server ends what runs too long; this is for a server, or a network, that is gone without a word.
    ...(statementTimeout > 0 && { query_timeout: statementTimeout + 5000 }),
  }
}

function passwordOf({ address, passwordFile }: ConnectionSettings): Pick<ClientConfig, 'password'> {
  if (address.password !== undefined) return { password: address.password }
  if (passwordFile === undefined) return {}
  return { password: () => passwordFrom(passwordFile) }
}

async function passwordFrom(path: string): Promise<string> {
  return (await read('metadata.password-file', path)).replace(/\r?\n$/, '')
}

async function tlsOptions(
  { mode, rootCertificate, certificate, key }: PostgresAddress['tls'],
  host: string | undefined,
): Promise<false | ConnectionOptions> {
  if (mode === 'disable') return false
  const ca = rootCertificate === undefined ? undefined : await read('sslrootcert', rootCertificate)
  return {
    // libpq, too, checks who signed under `require` where it is told whom to trust.
    rejectUnauthorized: mode !== 'require' || ca !== undefined,
    ca: ca ?? [...rootCertificates],
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...(host !== undefined && !/^[\d.]+$|:|^\//.test(host) && { servername: host }),
    ...(certificate !== undefined && { cert: await read('sslcert', certificate) }),
    ...(key !== undefined && { key: await read('sslkey', key) }),
  }
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new RegistryError(
      'STORAGE_UNAVAILABLE',
      `the file of ${what}, ${path}, can not be read: ${(error as NodeJS.ErrnoException).code}`,
    )
  }
}
