/**
 * Why a request of the registry's can't be done, in the specification's words where it has some. Which status and
 * which wire code each becomes is known to `http/errors.ts` alone.
 */
export type ErrorCode =
  | 'ACCOUNT_UNKNOWN'
  | 'BLOB_IN_USE'
  | 'BLOB_DAMAGED'
  | 'BLOB_TOO_LARGE'
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_BUSY'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_OUT_OF_ORDER'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'BODY_TOO_LARGE'
  | 'DELETE_DISABLED'
  | 'DELIVERY_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'DIRECTORY_UNAVAILABLE'
  | 'INVITATION_INVALID'
  | 'ISSUER_UNAVAILABLE'
  | 'LAST_OWNER'
  | 'LIMIT_REACHED'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_DAMAGED'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_IN_USE'
  | 'MANIFEST_TOO_LARGE'
  | 'MANIFEST_UNKNOWN'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'METHOD_NOT_ALLOWED'
  | 'NAMESPACE_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_RESERVED'
  | 'NAME_TAKEN'
  | 'NAME_UNKNOWN'
  | 'PAGINATION_NUMBER_INVALID'
  | 'PARAMETER_INVALID'
  | 'QUOTA_BUSY'
  | 'QUOTA_EXCEEDED'
  | 'RANGE_NOT_SATISFIABLE'
  | 'REGISTRATION_CLOSED'
  | 'ROUTE_UNKNOWN'
  | 'SETUP_CODE_INVALID'
  | 'SIZE_INVALID'
  | 'STORAGE_FULL'
  | 'STORAGE_UNAVAILABLE'
  | 'OUTCOME_UNKNOWN'
  | 'READ_ONLY'
  | 'REPOSITORY_TAKEN'
  | 'TAG_IMMUTABLE'
  | 'TAG_INVALID'
  | 'TAG_TAKEN'
  | 'TOKEN_UNKNOWN'
  | 'TOO_MANY_REQUESTS'
  | 'TOO_MANY_UPLOADS'
  | 'TOO_SLOW'
  | 'TRASH_UNKNOWN'
  | 'TRUST_UNKNOWN'
  | 'UNAUTHORIZED'
  | 'UNSUPPORTED'
  | 'WEBHOOK_UNKNOWN'

export interface ErrorExtras {
  /** Facts for a program: the digest that is missing, the offset that was expected. */
  detail?: unknown
  cause?: unknown
}

export class RegistryError extends Error {
  readonly code: ErrorCode
  readonly detail: unknown

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause })
    this.name = 'RegistryError'
    this.code = code
    this.detail = extras.detail
  }
}
