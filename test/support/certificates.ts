import { join } from 'node:path'
import { temporaryDirectory } from './berth.ts'
import { run } from './command.ts'

/** A root, an authority between, and what makes certificates under that: as a company's own authority has them. */
export interface Authority {
  /** PEM file of the root: what clients trust. */
  readonly root: string
  issue(wanted?: Wanted): Promise<Issued>
}

export interface Wanted {
  /** Common name, by which tests tell certificates apart. */
  readonly name?: string
  readonly days?: number
  /** What it is for, as OpenSSL writes it; localhost and 127.0.0.1 unless told. */
  readonly hosts?: string
  /** Without the authority between it and the root. */
  readonly alone?: boolean
}

/** PEM files. */
export interface Issued {
  readonly certificate: string
  readonly key: string
}

/** Needs openssl. */
export async function makeAuthority(): Promise<Authority> {
  const directory = await temporaryDirectory()
  const openssl = (...args: string[]) => run('openssl', args, { directory })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign']
  const selfSigned = ['-out', 'root.crt', '-days', '30', '-subj', '/CN=Root', ...ca]
  await openssl('req', '-x509', ...newKey, '-keyout', 'root.key', ...selfSigned)
  const sign = async (name: string, by: string, days: number) =>
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.crt`, '-CAkey', `${by}.key`],
      ...['-CAcreateserial', '-copy_extensions', 'copyall', '-days', `${days}`, '-out', `${name}.crt`],
    )
  const request = (name: string, subject: string, extensions: readonly string[]) =>
    openssl(
      ...['req', '-new', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`],
      ...['-subj', `/CN=${subject}`, ...extensions],
    )
  await request('between', 'Between', ca)
  await sign('between', 'root', 30)
  let issued = 0
  return {
    root: join(directory, 'root.crt'),
    async issue({ name = 'berth', days = 30, alone = false, hosts = 'DNS:localhost,IP:127.0.0.1' } = {}) {
      issued += 1
      const file = `leaf-${issued}`
      await request(file, name, ['-addext', `subjectAltName=${hosts}`])
      await sign(file, 'between', days)
      const chain = join(directory, `${file}.pem`)
      const parts = alone ? [`${file}.crt`] : [`${file}.crt`, 'between.crt']
      const texts = await Promise.all(parts.map((part) => Bun.file(join(directory, part)).text()))
      await Bun.write(chain, texts.join(''))
      return { certificate: chain, key: join(directory, `${file}.key`) }
    },
  }
}
