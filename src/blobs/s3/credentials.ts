/** What requests are signed with. Never in a message, a log or an error. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** When they end; undefined: they don't. */
  readonly expiration?: Date | undefined
}

export type CredentialSource = () => Promise<Credentials>

/** They are asked for anew this long before they end. Milliseconds. */
const margin = 5 * 60_000

/**
 * Credentials as every AWS tool finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else the shared files and
 * AWS_PROFILE, a web identity token, the container's or the machine's role. The chain is loaded only where the two
 * variables don't answer.
 */
export function credentialsOf(environment: NodeJS.ProcessEnv, region: string): CredentialSource {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_PROFILE } = environment
  if (accessKeyId && secretAccessKey && !AWS_PROFILE) {
    const fixed = { accessKeyId, secretAccessKey, sessionToken: environment.AWS_SESSION_TOKEN || undefined }
    return async () => fixed
  }
  let chain: Promise<CredentialSource> | undefined
  return remembered(async () => {
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider({ clientConfig: { region } }),
    )
    return (await chain)()
  })
}

/** One question at a time, and its answer for as long as it holds. */
export function remembered(source: CredentialSource, now: () => number = Date.now): CredentialSource {
  let known: Credentials | undefined
  let asked: Promise<Credentials> | undefined
  return async () => {
    if (known && (known.expiration === undefined || known.expiration.getTime() - now() > margin)) return known
    asked ??= source().finally(() => {
      asked = undefined
    })
    known = await asked
    return known
  }
}
