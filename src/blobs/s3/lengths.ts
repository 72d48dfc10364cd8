import { S3Error } from './s3-error.ts'

/**
 * What the storage says of lengths. An object whose length is not told is not one of no bytes, nor one of another length:
 * it would be taken for damaged.
 */

/** @throws S3Error where the answer does not tell it */
export function contentLengthOf(headers: Headers, operation: string): number {
  return wholeNumber(headers.get('content-length'), operation)
}

export interface Part {
  /** Bytes that come. */
  readonly length: number
  /** Bytes of the whole object. */
  readonly total: number
}

/**
 * Of an answer with a part of an object, by its Content-Range (RFC 9110, 14.4).
 * @throws S3Error where it is not the part that was asked for, or does not tell how long the whole is
 */
export function partOf(headers: Headers, asked: { first: number; last: number }): Part {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(headers.get('content-range') ?? '')
  const [first = -1, last = -1, total = -1] = (match ?? []).slice(1).map(Number)
  const whole = first >= 0 && first <= last && last < total && Number.isSafeInteger(total)
  if (!whole) throw new S3Error('GetObject', 0, 'the answer does not tell which part it is')
  if (first !== asked.first || last > asked.last)
    throw new S3Error('GetObject', 0, 'the answer is another part than was asked for')
  return { length: last - first + 1, total }
}

/** @throws S3Error where the text is none */
export function wholeNumber(text: string | null | undefined, operation: string): number {
  const value = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new S3Error(operation, 0, 'the answer does not tell a length')
  return value
}
