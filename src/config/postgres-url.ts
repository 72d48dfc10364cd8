import type { Kind } from './values.ts'

/** Where a PostgreSQL is, and as whom. What a URL leaves out comes from PGHOST, PGUSER and so on, or is PostgreSQL's usual. */
export interface PostgresAddress {
  /** A name, an address, or the directory of a socket. */
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly applicationName: string | undefined
  readonly tls: PostgresTls
}

/** As libpq has it: `require` encrypts, `verify-ca` also checks who signed, `verify-full` also for which name. */
export interface PostgresTls {
  readonly mode: TlsMode
  /** Paths of PEM files. */
  readonly rootCertificate: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
}

type TlsMode = (typeof tlsModes)[number]

const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const
const parameters: readonly string[] = [
  'host',
  'application_name',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
]

/** Null: none. It may hold a password, and so is never repeated in a message. */
export const postgresUrl: Kind<PostgresAddress | null> = {
  allowed: 'a URL such as postgres://berth:PASSWORD@db.example.com/berth?sslmode=verify-full',
  secret: true,
  parse(text) {
    if (text === '') return null
    return problemOf(text) === undefined ? addressOf(new URL(text)) : undefined
  },
  problem: (text) => (text === '' ? undefined : problemOf(text)),
}

function problemOf(text: string): string | undefined {
  if (!/^postgres(?:ql)?:\/\//.test(text)) return 'it does not begin with postgres://'
  const url = URL.parse(text)
  if (!url) return 'it is no URL; special characters of a password are written as %40 and so on'
  if (url.pathname.indexOf('/', 1) > 0) return 'its path is more than the name of a database'
  if (url.hash !== '') return 'it has a #; in a password that is written as %23'
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part)
  } catch {
    return 'it has a % that begins no %XX; in a password that is written as %25'
  }
  for (const name of url.searchParams.keys()) {
    if (!parameters.includes(name)) return `its parameter ${name} is not one of ${parameters.join(', ')}`
  }
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && !isTlsMode(mode)) return `its sslmode is not one of ${tlsModes.join(', ')}`
  if (url.searchParams.has('sslcert') !== url.searchParams.has('sslkey'))
    return 'sslcert and sslkey go together'
  return undefined
}

function addressOf(url: URL): PostgresAddress {
  const parameter = (name: string) => url.searchParams.get(name) || undefined
  const part = (text: string) => (text === '' ? undefined : decodeURIComponent(text))
  const mode = parameter('sslmode')
  return {
    host: parameter('host') ?? part(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? undefined : Number(url.port),
    user: part(url.username),
    password: part(url.password),
    database: part(url.pathname.slice(1)),
    applicationName: parameter('application_name'),
    tls: {
      mode: mode !== undefined && isTlsMode(mode) ? mode : 'disable',
      rootCertificate: parameter('sslrootcert'),
      certificate: parameter('sslcert'),
      key: parameter('sslkey'),
    },
  }
}

function isTlsMode(text: string): text is TlsMode {
  return (tlsModes as readonly string[]).includes(text)
}
