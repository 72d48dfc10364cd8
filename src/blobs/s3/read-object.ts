import { contentLengthOf, partOf } from './lengths.ts'
import type { S3Requests } from './requests.ts'
import { S3Error } from './s3-error.ts'

/** The storage may take this long for the next bytes that somebody waits for. Milliseconds. */
const patience = 30_000

export interface OpenedObject {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Bytes of the whole object. */
  readonly size: number
}

/**
 * Opens an object, or a part of it, to be read as fast as its reader reads. The stream fails where the storage ends
 * early or stands still; when the reader leaves, the connection is given up.
 * @throws S3Error
 */
export async function openObject(
  requests: S3Requests,
  key: string,
  range?: { first: number; last: number },
): Promise<OpenedObject> {
  const left = new AbortController()
  return requests.send(
    {
      operation: 'GetObject',
      method: 'GET',
      key,
      signal: left.signal,
      ...(range && { headers: { range: `bytes=${range.first}-${range.last}` } }),
    },
    ({ status, headers, body }) => {
      if (!body) throw new S3Error('GetObject', 0, 'the answer has no body')
      if (range && status !== 206)
        throw new S3Error('GetObject', 0, 'the answer is more than the part asked for')
      const length = contentLengthOf(headers, 'GetObject')
      const part = range ? partOf(headers, range) : { length, total: length }
      return { size: part.total, stream: guarded(body, part.length, left) }
    },
  )
}

function guarded(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
  left: AbortController,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  let expected = length
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const late = setTimeout(() => left.abort(new S3Error('GetObject', 0, 'stood still')), patience)
        try {
          const { done, value } = await reader.read()
          if (value) {
            expected -= value.length
            controller.enqueue(value)
          }
          if (!done) return
          if (expected > 0) throw new S3Error('GetObject', 0, 'the answer ended early')
          controller.close()
        } catch (error) {
          left.abort(error)
          throw error
        } finally {
          clearTimeout(late)
        }
      },
      async cancel() {
        left.abort(new S3Error('GetObject', 0, 'the reader left'))
        await reader.cancel().catch(() => undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
