import { RegistryError } from '../../oci/errors.ts'

/** What the object storage answered, or why it did not. Holds its code alone: its texts may tell what was signed. */
export class S3Error extends Error {
  /** 0: there was no answer. */
  readonly status: number
  readonly code: string

  constructor(operation: string, status: number, code: string) {
    super(`${operation}: ${status === 0 ? '' : `${status} `}${code}`)
    this.name = 'S3Error'
    this.status = status
    this.code = code
  }

  /** Whether the same request may succeed in a moment. */
  get passing(): boolean {
    return (
      this.status === 0 ||
      this.status === 408 ||
      this.status === 429 ||
      this.status >= 500 ||
      passingCodes.has(this.code)
    )
  }

  get missing(): boolean {
    return this.status === 404 && this.code !== 'NoSuchBucket'
  }
}

const passingCodes: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'SlowDown',
  'ExpiredToken',
  'OperationAborted',
  // The body did not arrive as it was sent.
  'XAmzContentSHA256Mismatch',
  'BadDigest',
  'IncompleteBody',
])

/** The protocol's words for a storage that fails: 503, and come again. */
export function toStorageError(error: unknown): unknown {
  if (!(error instanceof S3Error)) return error
  const message =
    error.status === 0 || error.passing
      ? 'the object storage does not answer: try again in a moment'
      : 'the object storage refuses: the registry’s log has more'
  return new RegistryError('STORAGE_UNAVAILABLE', message, { cause: error })
}

/** What fails in it fails in the protocol's words. */
export async function storageErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStorageError(error)
  }
}

/** `undefined` where there is no such object. */
export async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof S3Error && error.missing) return undefined
    throw error
  }
}
