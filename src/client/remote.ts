export interface RemoteOptions {
  /** Such as `https://registry.example.com`. */
  readonly url: string
  /** What to send as Authorization; undefined: nothing, as an open registry wants it. */
  authorization?(): Promise<string | undefined>
}

/** The registry did not do what was asked, or could not be asked: the message says why. */
export class RemoteError extends Error {
  /** The answer's status; undefined: there was none. */
  readonly status: number | undefined

  constructor(message: string, { status, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'RemoteError'
    this.status = status
  }
}

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
}

/** Requests that are answered in JSON. */
export interface Remote {
  /** @throws RemoteError */
  request<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options?: RequestOptions): Promise<T>
}

export function remote({ url, authorization }: RemoteOptions): Remote {
  const base = url.replace(/\/+$/, '')
  return {
    async request<T>(method: string, path: string, { query = {}, body }: RequestOptions = {}) {
      const search = new URLSearchParams(query).toString()
      const credentials = await authorization?.()
      const answer = await ask(base, `${base}${path}${search === '' ? '' : `?${search}`}`, {
        method,
        headers: {
          Accept: 'application/json',
          ...(credentials ? { Authorization: credentials } : {}),
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      if (!answer.ok) throw await failureOf(base, answer)
      return readJson<T>(base, answer)
    },
  }
}

async function ask(base: string, url: string, init: RequestInit): Promise<Response> {
  try {
    // A large repository takes as long as it takes.
    return await fetch(url, { ...init, timeout: false } as RequestInit)
  } catch (cause) {
    const reason = (cause as { code?: string }).code ?? (cause as Error).message
    throw new RemoteError(
      certificateReasons.test(reason)
        ? `the certificate of ${base} is not trusted here (${reason}); if it is from an authority of your own, name that one’s PEM file: NODE_EXTRA_CA_CERTS=FILE`
        : `nothing answers at ${base}: is the server running there? (${reason})`,
      { cause },
    )
  }
}

/** What fetch says of a certificate: `DEPTH_ZERO_SELF_SIGNED_CERT`, `ERR_TLS_CERT_ALTNAME_INVALID`. */
const certificateReasons = /CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/

async function failureOf(base: string, answer: Response): Promise<RemoteError> {
  const { status } = answer
  const body = (await answer.json().catch(() => undefined)) as
    | { errors?: readonly { message?: unknown }[] }
    | undefined
  const message = body?.errors?.[0]?.message
  const said =
    typeof message === 'string' ? message : `${base} answered ${status} ${answer.statusText}`.trimEnd()
  return new RemoteError(status === 401 ? `${said} (sign in with \`berth login ${base}\`)` : said, { status })
}

async function readJson<T>(base: string, answer: Response): Promise<T> {
  try {
    return (await answer.json()) as T
  } catch (cause) {
    throw new RemoteError(`what answers at ${base} is no management API of Berth`, { cause })
  }
}
