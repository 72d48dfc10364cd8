/** How an LDAP server is reached, and where its people are. */
export interface LdapServer {
  readonly name: string
  /** `ldaps://ldap.example.com:636` */
  readonly url: string
  readonly startTls: boolean
  /** A PEM file; undefined: what the system trusts. */
  readonly ca: string | undefined
  /** Who searches; undefined: whoever asks may. */
  readonly bind: { readonly dn: string; readonly password: Secret } | undefined
  readonly base: string
  readonly filter: string
  readonly loginAttributes: readonly string[]
  readonly nameAttribute: string
  readonly subjectAttribute: string
  readonly emailAttribute: string | undefined
  readonly groups:
    | { readonly attribute: string }
    | { readonly base: string; readonly filter: string }
    | undefined
  /** Milliseconds of one conversation. */
  readonly timeout: number
}

/** A password, or where it stands: read each time, so that it can change. */
export type Secret = { readonly text: string } | { readonly file: string } | { readonly variable: string }

/** @throws where there is none */
export async function readSecret(secret: Secret): Promise<string> {
  const text =
    'text' in secret
      ? secret.text
      : 'file' in secret
        ? (await Bun.file(secret.file).text()).replace(/\r?\n$/, '')
        : (process.env[secret.variable] ?? '')
  // With none, a server takes the bind for an anonymous one and says yes.
  if (text !== '') return text
  const where = 'file' in secret ? secret.file : 'variable' in secret ? secret.variable : 'bind-password'
  throw new Error(`${where} holds no password`)
}
