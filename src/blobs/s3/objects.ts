import { contentLengthOf, wholeNumber } from './lengths.ts'
import { type Encryption, encryptionHeaders } from './options.ts'
import type { S3Requests } from './requests.ts'
import { S3Error } from './s3-error.ts'
import { elements, escaped, textOf } from './xml.ts'

/** How many one request may delete. */
const deletedAtOnce = 1000
const singleDeletesAtOnce = 8
/** Milliseconds: a thousand objects take the storage a while. */
const deletionTime = 60_000

export interface ListedObject {
  readonly key: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly since: number
}

/** Whole objects: put, look at, list and delete. Keys are with the prefix. */
export class S3Objects {
  readonly #requests: S3Requests
  readonly #encryption: Encryption | undefined
  /** Some servers have no deletion of many. */
  #deletesMany = true

  constructor(requests: S3Requests, encryption: Encryption | undefined) {
    this.#requests = requests
    this.#encryption = encryption
  }

  /** @returns its ETag */
  put(
    key: string,
    body: Uint8Array<ArrayBuffer>,
    options: {
      bodyHash?: string
      signal?: AbortSignal | undefined
      attempts?: number
      timeout?: number
      /** Only where there is none of this key: else it fails with 412. */
      ifAbsent?: boolean
    } = {},
  ): Promise<string> {
    const { ifAbsent, ...others } = options
    const headers = {
      'content-type': 'application/octet-stream',
      ...encryptionHeaders(this.#encryption),
      ...(ifAbsent && { 'if-none-match': '*' }),
    }
    return this.#requests.send(
      { operation: 'PutObject', method: 'PUT', key, headers, body, ...others },
      (response) => response.headers.get('etag') ?? '',
    )
  }

  head(
    key: string,
    options: { attempts?: number; timeout?: number } = {},
  ): Promise<{ size: number; etag: string; since: number }> {
    return this.#requests.send(
      { operation: 'HeadObject', method: 'HEAD', key, ...options },
      ({ headers }) => ({
        size: contentLengthOf(headers, 'HeadObject'),
        etag: headers.get('etag') ?? '',
        since: Date.parse(headers.get('last-modified') ?? '') || 0,
      }),
    )
  }

  /** A small object as a whole. @throws S3Error, 412 where the ETag is another */
  get(key: string, etag?: string): Promise<Uint8Array> {
    return this.#requests.send(
      { operation: 'GetObject', method: 'GET', key, ...(etag && { headers: { 'if-match': etag } }) },
      async (response) => {
        const bytes = await response.bytes()
        if (bytes.length !== Number(response.headers.get('content-length') ?? bytes.length))
          throw new S3Error('GetObject', 0, 'the answer ended early')
        return bytes
      },
    )
  }

  async *list(prefix: string): AsyncGenerator<ListedObject[]> {
    let token: string | undefined
    do {
      const query = {
        'list-type': '2',
        'encoding-type': 'url',
        prefix,
        ...(token && { 'continuation-token': token }),
      }
      const xml = await this.#requests.send(
        { operation: 'ListObjectsV2', method: 'GET', query },
        (response) => response.text(),
      )
      yield elements(xml, 'Contents').map((one) => ({
        key: decodeURIComponent((textOf(one, 'Key') ?? '').replaceAll('+', ' ')),
        size: wholeNumber(textOf(one, 'Size'), 'ListObjectsV2'),
        since: Date.parse(textOf(one, 'LastModified') ?? '') || 0,
      }))
      token = textOf(xml, 'NextContinuationToken')
    } while (token)
  }

  /** Those that are gone already are no failure. */
  async delete(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += deletedAtOnce) {
      const some = keys.slice(start, start + deletedAtOnce)
      if (some.length === 1 || !this.#deletesMany || !(await this.#deleteMany(some)))
        await this.#deleteEach(some)
    }
  }

  /** @returns false where the server can't */
  async #deleteMany(keys: readonly string[]): Promise<boolean> {
    const objects = keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join('')
    const body = Buffer.from(
      `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`,
    )
    const headers = {
      'content-type': 'application/xml',
      'content-md5': new Bun.CryptoHasher('md5').update(body).digest('base64'),
    }
    try {
      await this.#requests.send(
        {
          operation: 'DeleteObjects',
          method: 'POST',
          query: { delete: '' },
          headers,
          body,
          timeout: deletionTime,
        },
        async (response) => {
          const failed = elements(await response.text(), 'Error')
            .map((one) => textOf(one, 'Code') ?? 'InternalError')
            .find((code) => code !== 'NoSuchKey')
          // Its answer is 200 whatever became of each object.
          if (failed) throw new S3Error('DeleteObjects', statusOfCode(failed), failed)
        },
      )
      return true
    } catch (error) {
      if (!(error instanceof S3Error) || !unsupported.has(error.status)) throw error
      this.#deletesMany = false
      return false
    }
  }

  async #deleteEach(keys: readonly string[]): Promise<void> {
    const queue = keys.values()
    const work = async () => {
      for (const key of queue)
        await this.#requests
          .send({ operation: 'DeleteObject', method: 'DELETE', key }, () => undefined)
          .catch(ignoreMissing)
    }
    await Promise.all(Array.from({ length: singleDeletesAtOnce }, work))
  }
}

const unsupported: ReadonlySet<number> = new Set([400, 404, 405, 411, 501])

function statusOfCode(code: string): number {
  if (code === 'SlowDown') return 503
  return code === 'InternalError' ? 500 : 403
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof S3Error) || !error.missing) throw error
}
