import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

/** Where a certificate and its key lie. */
export interface KeyPairFiles {
  /** PEM: the server's certificate, then those of the authorities between it and the root. */
  readonly certificate: string
  /** PEM, without a passphrase. */
  readonly key: string
}

/** A certificate and the key that belongs to it, as they were read. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
  /** When the first certificate of the chain expires. Milliseconds since 1970. */
  readonly expires: number
  /** From when on every certificate of the chain is valid. Milliseconds since 1970. */
  readonly begins: number
  /** Whom the server's certificate names, for the log. */
  readonly subject: string
}

/** A certificate or key that can't be served with; the message begins with the setting that names the file. */
export class KeyPairError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'KeyPairError'
  }
}

/** Both files as texts, whatever stands in them. @throws KeyPairError where one can't be read */
export async function readKeyPairFiles(files: KeyPairFiles): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = await Promise.all([
    readPem(files.certificate, 'tls.certificate'),
    readPem(files.key, 'tls.key'),
  ])
  return { certificate, key }
}

/** Checks that the texts are a chain and its key. @param files for messages @throws KeyPairError */
export function keyPairOf(texts: { certificate: string; key: string }, files: KeyPairFiles): KeyPair {
  const chain = chainOf(texts.certificate, files.certificate)
  const [leaf] = chain
  const key = privateKeyOf(texts.key, files.key)
  if (!leaf.checkPrivateKey(key)) {
    throw new KeyPairError(
      chain.some((certificate) => certificate.checkPrivateKey(key))
        ? `tls.certificate: ${files.certificate} must begin with the certificate that the key in ${files.key} belongs to, and name the authorities after it`
        : `tls.key: the key in ${files.key} does not belong to the certificate in ${files.certificate}`,
    )
  }
  try {
    // What parses may still be refused, as keys are that are too short.
    createSecureContext({ cert: texts.certificate, key: texts.key })
  } catch (error) {
    throw new KeyPairError(
      `tls.certificate: TLS can't be served with ${files.certificate} and ${files.key}: ${(error as Error).message}`,
      error,
    )
  }
  return {
    ...texts,
    expires: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
    begins: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
    subject: leaf.subjectAltName ?? leaf.subject,
  }
}

async function readPem(path: string, setting: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    throw new KeyPairError(
      `${setting}: ${path} can't be read (${(error as NodeJS.ErrnoException).code}): it must be a PEM file that this user may read`,
      error,
    )
  }
}

const blocks = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g

function chainOf(pem: string, path: string): readonly [X509Certificate, ...X509Certificate[]] {
  const found = [...pem.matchAll(blocks)].filter(([, kind]) => kind === 'CERTIFICATE').map(([block]) => block)
  // A file that ends in the middle of a line of dashes, or after one, is still being written.
  if (/^-/m.test(pem.replaceAll(blocks, ''))) throw new KeyPairError(`tls.certificate: ${path} is cut off`)
  if (found.length === 0) throw new KeyPairError(`tls.certificate: ${path} holds no PEM certificate`)
  try {
    const [leaf, ...authorities] = found.map((text) => new X509Certificate(text))
    return [leaf as X509Certificate, ...authorities]
  } catch (error) {
    throw new KeyPairError(`tls.certificate: ${path} holds a certificate that can't be read`, error)
  }
}

function privateKeyOf(pem: string, path: string) {
  if (/ENCRYPTED/.test(pem))
    throw new KeyPairError(`tls.key: the key in ${path} has a passphrase; Berth needs it without one`)
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw new KeyPairError(`tls.key: ${path} holds no PEM key`)
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new KeyPairError(`tls.key: the key in ${path} is cut off, or of a kind that can't be read`, error)
  }
}
