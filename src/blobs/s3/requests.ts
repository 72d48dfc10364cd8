import { AwsV4Signer } from 'aws4fetch'
import type { CredentialSource } from './credentials.ts'
import type { S3Options } from './options.ts'
import { S3Error } from './s3-error.ts'
import { textOf } from './xml.ts'

export interface S3Request {
  /** What it is called in messages: `PutObject`. */
  readonly operation: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** With the prefix; undefined: the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  /** SHA-256 of the body, where it is known already. */
  readonly bodyHash?: string
  /** Milliseconds that one attempt may take. */
  readonly timeout?: number
  /** How often it is tried. */
  readonly attempts?: number
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds that the storage may take to answer, beside what its bytes take. */
const patience = 20_000
/** The same for an object that is read or looked at, for which somebody waits. */
const readingPatience = 10_000
/** A connection slower than this is given up. Bytes in a millisecond. */
const slowest = 128
const triedAtMost = 5
/** A connection may have died; a storage that hangs on another one too is not waited for any longer. */
const hungAtMost = 2
const tookTooLong = 'took too long'
const firstWait = 100
const longestWait = 5000
const hashOfNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export interface RequestOptions extends Pick<S3Options, 'bucket' | 'region' | 'endpoint' | 'pathStyle'> {
  readonly credentials: CredentialSource
  sleep?(milliseconds: number): Promise<void>
}

/** Sends signed requests, again where the storage asks for a moment. */
export class S3Requests {
  readonly #options: RequestOptions
  readonly #base: string
  readonly #sleep: (milliseconds: number) => Promise<void>

  constructor(options: RequestOptions) {
    this.#options = options
    this.#base = baseOf(options)
    this.#sleep = options.sleep ?? Bun.sleep
  }

  /**
   * @param read takes what is wanted from the answer, within the attempt: what fails in it is tried again too
   * @throws S3Error
   */
  async send<T>(request: S3Request, read: (response: Response) => T | Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(request, read)
      } catch (error) {
        request.signal?.throwIfAborted()
        const failure = failureOf(request.operation, error)
        const most = failure.code === tookTooLong ? hungAtMost : triedAtMost
        if (!failure.passing || attempt >= Math.min(request.attempts ?? most, most)) throw failure
        await this.#sleep(waitBefore(attempt))
      }
    }
  }

  /** An address that anybody may read the object at, for some time. */
  async presign(key: string, expiry: number): Promise<string> {
    const url = new URL(this.#urlOf(key, {}))
    url.searchParams.set('X-Amz-Expires', String(Math.floor(expiry / 1000)))
    const { region } = this.#options
    const signed = await new AwsV4Signer({
      ...(await this.#credentials('presign')),
      url: url.href,
      method: 'GET',
      service: 's3',
      region,
      signQuery: true,
    }).sign()
    return signed.url.href
  }

  async #attempt<T>(request: S3Request, read: (response: Response) => T | Promise<T>): Promise<T> {
    const { method, operation, key, body, signal } = request
    const reads = key !== undefined && (method === 'GET' || method === 'HEAD')
    const { url, headers } = await this.#signed(request)
    const timeout = new AbortController()
    const timer = setTimeout(
      () => timeout.abort(new S3Error(operation, 0, tookTooLong)),
      request.timeout ?? (reads ? readingPatience : patience + (body?.length ?? 0) / slowest),
    )
    try {
      const response = await fetch(url, {
        method,
        headers,
        ...(body && { body }),
        redirect: 'manual',
        decompress: false,
        // Our own timers know what is slow: a client that reads slowly is not.
        timeout: false,
        signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
      } as BunFetchRequestInit)
      if (response.status >= 300) throw await refusal(operation, response)
      return await read(response)
    } finally {
      clearTimeout(timer)
    }
  }

  async #signed({ operation, method, key, query, headers, body, bodyHash }: S3Request) {
    const hash =
      bodyHash ?? (body ? new Bun.CryptoHasher('sha256').update(body).digest('hex') : hashOfNothing)
    return new AwsV4Signer({
      ...(await this.#credentials(operation)),
      url: this.#urlOf(key, query ?? {}),
      method,
      headers: { ...headers, 'x-amz-content-sha256': hash, 'accept-encoding': 'identity' },
      service: 's3',
      region: this.#options.region,
    }).sign()
  }

  async #credentials(operation: string) {
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await this.#options.credentials()
      return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
    } catch {
      // What the chain says may hold what it read.
      throw new S3Error(operation, 401, 'no credentials were found (AWS_ACCESS_KEY_ID, profile or role)')
    }
  }

  #urlOf(key: string | undefined, query: Readonly<Record<string, string>>): string {
    const path = key === undefined ? '' : key.split('/').map(encodeURIComponent).join('/')
    const search = new URLSearchParams(query).toString()
    return `${this.#base}/${path}${search === '' ? '' : `?${search}`}`
  }
}

function baseOf({ endpoint, region, bucket, pathStyle }: RequestOptions): string {
  const server = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
  if (!pathStyle) server.hostname = `${bucket}.${server.hostname}`
  const base = server.href.replace(/\/+$/, '')
  return pathStyle ? `${base}/${bucket}` : base
}

async function refusal(operation: string, response: Response): Promise<S3Error> {
  const text = await response.text().catch(() => '')
  return new S3Error(operation, response.status, textOf(text, 'Code') ?? response.statusText)
}

function failureOf(operation: string, error: unknown): S3Error {
  if (error instanceof S3Error) return error
  const { code, name } = error as { code?: unknown; name?: unknown }
  return new S3Error(operation, 0, typeof code === 'string' ? code : String(name))
}

/** Twice as long each time, and never the same for two who were turned away together. */
function waitBefore(attempt: number): number {
  const most = Math.min(firstWait * 2 ** attempt, longestWait)
  return most / 2 + (Math.random() * most) / 2
}
