import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, temporaryDirectory } from './berth.ts'
import { afterThisProcess } from './janitor.ts'
import { requireTools } from './require.ts'

/** A real LDAP server, Debian's slapd, on loopback ports of its own. */
export interface TestDirectory extends AsyncDisposable {
  readonly url: string
  /** The same by TLS from the beginning; only with a certificate. */
  readonly secureUrl: string
  readonly base: string
  /** Settings by which Berth finds its people. */
  readonly settings: Readonly<Record<string, unknown>>
  add(...entries: readonly string[]): Promise<void>
  /** LDIF with `changetype`. */
  modify(ldif: string): Promise<void>
  /** Answers nothing any more, while connections are taken. */
  freeze(): Promise<void>
  thaw(): void
  kill(): Promise<void>
  /** Serves again, on the same port, with what it held. */
  revive(): Promise<void>
}

export interface DirectoryOptions {
  readonly name?: string
  readonly base?: string
  /** PEM files. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** More lines of the server's configuration. */
  readonly global?: string
}

/** Whether slapd is here; in CI it must be. */
export function requireSlapd(): boolean {
  return requireTools(['slapd', 'ldapadd', 'ldapmodify', 'ldapsearch', 'openssl'])
}

const searcher = 'cn=berth,ou=services'
export const searcherPassword = 'searching-lantern'

/** Starts a server with the units people, groups and services, and somebody who may search. */
export async function startDirectory(options: DirectoryOptions = {}): Promise<TestDirectory> {
  const { name = 'corp', base = `dc=${name},dc=test`, tls } = options
  const home = await temporaryDirectory()
  const [port, securePort] = [await freePort(), await freePort()]
  const url = `ldap://127.0.0.1:${port}`
  const secureUrl = `ldaps://127.0.0.1:${securePort}`
  await mkdir(join(home, 'db'))
  await Bun.write(join(home, 'slapd.conf'), configurationOf({ ...options, base, home }))
  let server = await serve()

  async function serve() {
    const addresses = tls ? `${url} ${secureUrl}` : url
    const child = Bun.spawn(['slapd', '-f', join(home, 'slapd.conf'), '-h', addresses, '-d', '0'], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    afterThisProcess(`kill -KILL ${child.pid} 2>/dev/null`)
    for (let tries = 0; tries < 100; tries += 1) {
      const probe = Bun.spawn(['ldapsearch', '-x', '-H', url, '-b', '', '-s', 'base'], {
        stdout: 'ignore',
        stderr: 'ignore',
      })
      if ((await probe.exited) === 0) return child
      if (child.exitCode !== null) break
      await Bun.sleep(50)
    }
    child.kill('SIGKILL')
    throw new Error(`slapd did not answer on ${url}`)
  }

  async function change(tool: 'ldapadd' | 'ldapmodify', ldif: string): Promise<void> {
    const root = ['-x', '-H', url, '-D', `cn=admin,${base}`, '-w', 'admin']
    const child = Bun.spawn([tool, ...root], {
      stdin: Buffer.from(`${ldif}\n`),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    if ((await child.exited) !== 0) throw new Error(`${tool}: ${await new Response(child.stderr).text()}`)
  }

  const directory: TestDirectory = {
    url,
    secureUrl,
    base,
    settings: {
      name,
      url,
      'bind-dn': `${searcher},${base}`,
      'bind-password': searcherPassword,
      base: `ou=people,${base}`,
      filter: '(&(objectClass=inetOrgPerson)(!(employeeType=gone)))',
      'email-attribute': 'mail',
      'groups-base': `ou=groups,${base}`,
      timeout: '2s',
    },
    add: (...entries) => change('ldapadd', entries.join('\n\n')),
    modify: (ldif) => change('ldapmodify', ldif),
    async freeze() {
      server.kill('SIGSTOP')
      const isStopped = async () => /^State:\s*T/m.test(await readFile(`/proc/${server.pid}/status`, 'utf8'))
      while (!(await isStopped())) await Bun.sleep(5)
    },
    thaw: () => server.kill('SIGCONT'),
    async kill() {
      server.kill('SIGKILL')
      await server.exited
    },
    async revive() {
      server = await serve()
    },
    [Symbol.asyncDispose]: () => directory.kill(),
  }
  await directory.add(
    `dn: ${base}\nobjectClass: dcObject\nobjectClass: organization\ndc: ${base.slice(3, base.indexOf(','))}\no: Test`,
    ...['people', 'groups', 'services'].map(
      (unit) => `dn: ou=${unit},${base}\nobjectClass: organizationalUnit\nou: ${unit}`,
    ),
    `dn: ${searcher},${base}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: berth\nuserPassword: ${searcherPassword}`,
  )
  return directory
}

function configurationOf({
  base,
  home,
  tls,
  global = '',
}: DirectoryOptions & { base: string; home: string }) {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${home}/slapd.pid
sizelimit 500
${global}
${tls ? `TLSCertificateFile ${tls.certificate}\nTLSCertificateKeyFile ${tls.key}\n` : ''}
database mdb
suffix "${base}"
rootdn "cn=admin,${base}"
rootpw admin
directory ${home}/db
maxsize 10485760
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${searcher},${base}" read by anonymous auth by * none
`
}

/** LDIF of a person. @param more lines such as `mail: alice@example.com` */
export function person({ base }: { base: string }, uid: string, password: string, ...more: string[]): string {
  return [
    `dn:: ${Buffer.from(`uid=${uid.replaceAll(/[,\\+"<>;=]/g, (mark) => `\\${mark}`)},ou=people,${base}`).toString('base64')}`,
    'objectClass: inetOrgPerson',
    `uid:: ${Buffer.from(uid).toString('base64')}`,
    'cn: Somebody',
    'sn: Somebody',
    `userPassword: ${password}`,
    ...more,
  ].join('\n')
}

/** LDIF of a group. @param members uids of people, or whole names */
export function group({ base }: { base: string }, name: string, ...members: string[]): string {
  const names = members.map((member) => (member.includes('=') ? member : `uid=${member},ou=people,${base}`))
  return [
    `dn: cn=${name},ou=groups,${base}`,
    'objectClass: groupOfNames',
    `cn: ${name}`,
    ...(names.length > 0 ? names : [`cn=nobody,${base}`]).map((member) => `member: ${member}`),
  ].join('\n')
}

/** The setting of these directories, in their order. @param places each one's, with what a test changes of them */
export function directoriesSetting(...places: readonly Readonly<Record<string, unknown>>[]): {
  env: Record<string, string>
} {
  return { env: { BERTH_LDAP: JSON.stringify(places) } }
}

/** Who the registry says that somebody is; undefined: it takes him for nobody. */
export async function whoIs(
  url: string,
  name: string,
  password: string,
): Promise<{ status: number; name?: string; admin?: boolean; text: string }> {
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
  const answer = await fetch(`${url}/api/v1/whoami`, { headers: { Authorization: authorization } })
  const text = await answer.text()
  return answer.ok ? { status: 200, text, ...JSON.parse(text) } : { status: answer.status, text }
}

/** Waits until the server's log, which is written behind, holds the text. */
export async function logged(berth: { output(): string }, text: string): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    if (berth.output().includes(text)) return
    await Bun.sleep(50)
  }
  throw new Error(`the log does not say: ${text}`)
}
