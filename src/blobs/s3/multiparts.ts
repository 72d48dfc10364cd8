import { type Encryption, encryptionHeaders } from './options.ts'
import type { S3Requests } from './requests.ts'
import { S3Error } from './s3-error.ts'
import { elements, escaped, textOf } from './xml.ts'

/** Putting ten thousand parts together takes some servers minutes. Milliseconds. */
const completionTime = 5 * 60_000
/** A part is sent again for a while: what it belongs to may be large. */
const partAttempts = 7

export interface MultipartAddress {
  readonly key: string
  readonly uploadId: string
}

export interface Part {
  readonly size: number
  readonly etag: string
}

/** Objects that are made of parts. Keys are with the prefix. */
export class S3Multiparts {
  readonly #requests: S3Requests
  readonly #encryption: Encryption | undefined

  constructor(requests: S3Requests, encryption: Encryption | undefined) {
    this.#requests = requests
    this.#encryption = encryption
  }

  async begin(key: string, signal?: AbortSignal): Promise<MultipartAddress> {
    const headers = { 'content-type': 'application/octet-stream', ...encryptionHeaders(this.#encryption) }
    const query = { uploads: '' }
    const uploadId = await this.#requests.send(
      { operation: 'CreateMultipartUpload', method: 'POST', key, query, headers, signal },
      async (response) => textOf(await response.text(), 'UploadId'),
    )
    if (!uploadId) throw new S3Error('CreateMultipartUpload', 0, 'the answer names no upload')
    return { key, uploadId }
  }

  /** @param number from 1 on. @returns the part's ETag */
  putPart(
    { key, uploadId }: MultipartAddress,
    number: number,
    part: { body: Uint8Array<ArrayBuffer>; bodyHash?: string; signal?: AbortSignal | undefined },
  ): Promise<string> {
    const query = { partNumber: String(number), uploadId }
    return this.#requests.send(
      { operation: 'UploadPart', method: 'PUT', key, query, attempts: partAttempts, ...part },
      (response) => response.headers.get('etag') ?? '',
    )
  }

  /** Makes the object of exactly these parts. @throws S3Error: NoSuchUpload, or InvalidPart where one is another by now */
  async complete({ key, uploadId }: MultipartAddress, parts: readonly Part[]): Promise<void> {
    const list = parts
      .map(
        ({ etag }, index) =>
          `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
      )
      .join('')
    const body = Buffer.from(
      `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list}</CompleteMultipartUpload>`,
    )
    const headers = { 'content-type': 'application/xml' }
    await this.#requests.send(
      {
        operation: 'CompleteMultipartUpload',
        method: 'POST',
        key,
        query: { uploadId },
        headers,
        body,
        timeout: completionTime,
      },
      async (response) => {
        const text = await response.text()
        // The status went out before the work was done: a failure stands in the body.
        const code = /<Error>/.test(text) ? textOf(text, 'Code') : undefined
        if (code) throw new S3Error('CompleteMultipartUpload', code === 'InternalError' ? 500 : 400, code)
        if (!/<CompleteMultipartUploadResult/.test(text))
          throw new S3Error('CompleteMultipartUpload', 0, 'the answer ended early')
      },
    )
  }

  async abort({ key, uploadId }: MultipartAddress): Promise<void> {
    try {
      await this.#requests.send(
        { operation: 'AbortMultipartUpload', method: 'DELETE', key, query: { uploadId } },
        () => undefined,
      )
    } catch (error) {
      if (!(error instanceof S3Error) || !error.missing) throw error
    }
  }

  /** Those that were begun under keys with this beginning and are not complete. */
  async list(prefix: string): Promise<MultipartAddress[]> {
    const found: MultipartAddress[] = []
    let marker: Record<string, string> | undefined = {}
    while (marker) {
      const query: Record<string, string> = { uploads: '', prefix, ...marker }
      const xml: string = await this.#requests.send(
        { operation: 'ListMultipartUploads', method: 'GET', query },
        (response) => response.text(),
      )
      for (const one of elements(xml, 'Upload')) {
        const [key, uploadId] = [textOf(one, 'Key'), textOf(one, 'UploadId')]
        if (key !== undefined && uploadId !== undefined) found.push({ key, uploadId })
      }
      const next = textOf(xml, 'NextKeyMarker')
      const more = textOf(xml, 'IsTruncated') === 'true' && next
      marker = more
        ? { 'key-marker': next, 'upload-id-marker': textOf(xml, 'NextUploadIdMarker') ?? '' }
        : undefined
    }
    return found
  }

  /** Drops what was begun under keys with this beginning. */
  async abortAll(prefix: string): Promise<void> {
    for (const one of await this.list(prefix)) await this.abort(one)
  }
}
