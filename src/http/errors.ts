import type { ErrorCode, RegistryError } from '../oci/errors.ts'
import { apiVersion, rateLimitHeaders } from './headers.ts'

interface WireError {
  readonly status: number
  /** The code that clients see; the specification's where it has one. */
  readonly code: string
}

const wireErrors = {
  ACCOUNT_UNKNOWN: { status: 404, code: 'ACCOUNT_UNKNOWN' },
  BLOB_IN_USE: { status: 405, code: 'DENIED' },
  BLOB_DAMAGED: { status: 404, code: 'BLOB_UNKNOWN' },
  BLOB_TOO_LARGE: { status: 413, code: 'SIZE_INVALID' },
  BLOB_UNKNOWN: { status: 404, code: 'BLOB_UNKNOWN' },
  BLOB_UPLOAD_BUSY: { status: 416, code: 'BLOB_UPLOAD_INVALID' },
  BLOB_UPLOAD_INVALID: { status: 400, code: 'BLOB_UPLOAD_INVALID' },
  BLOB_UPLOAD_OUT_OF_ORDER: { status: 416, code: 'BLOB_UPLOAD_INVALID' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  BODY_TOO_LARGE: { status: 413, code: 'SIZE_INVALID' },
  DELETE_DISABLED: { status: 405, code: 'UNSUPPORTED' },
  DELIVERY_UNKNOWN: { status: 404, code: 'DELIVERY_UNKNOWN' },
  DENIED: { status: 403, code: 'DENIED' },
  DIGEST_INVALID: { status: 400, code: 'DIGEST_INVALID' },
  DIRECTORY_UNAVAILABLE: { status: 503, code: 'UNAVAILABLE' },
  INVITATION_INVALID: { status: 403, code: 'INVITATION_INVALID' },
  ISSUER_UNAVAILABLE: { status: 503, code: 'UNAVAILABLE' },
  LAST_OWNER: { status: 409, code: 'LAST_OWNER' },
  LIMIT_REACHED: { status: 403, code: 'DENIED' },
  MANIFEST_BLOB_UNKNOWN: { status: 404, code: 'MANIFEST_BLOB_UNKNOWN' },
  MANIFEST_DAMAGED: { status: 404, code: 'MANIFEST_UNKNOWN' },
  MANIFEST_INVALID: { status: 400, code: 'MANIFEST_INVALID' },
  MANIFEST_IN_USE: { status: 405, code: 'DENIED' },
  MANIFEST_TOO_LARGE: { status: 413, code: 'SIZE_INVALID' },
  MANIFEST_UNKNOWN: { status: 404, code: 'MANIFEST_UNKNOWN' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, code: 'UNSUPPORTED' },
  METHOD_NOT_ALLOWED: { status: 405, code: 'UNSUPPORTED' },
  NAMESPACE_UNKNOWN: { status: 404, code: 'NAMESPACE_UNKNOWN' },
  NAME_INVALID: { status: 400, code: 'NAME_INVALID' },
  NAME_RESERVED: { status: 400, code: 'NAME_INVALID' },
  NAME_TAKEN: { status: 409, code: 'NAME_TAKEN' },
  NAME_UNKNOWN: { status: 404, code: 'NAME_UNKNOWN' },
  PAGINATION_NUMBER_INVALID: { status: 400, code: 'PAGINATION_NUMBER_INVALID' },
  PARAMETER_INVALID: { status: 400, code: 'PARAMETER_INVALID' },
  QUOTA_BUSY: { status: 503, code: 'UNAVAILABLE' },
  QUOTA_EXCEEDED: { status: 403, code: 'DENIED' },
  RANGE_NOT_SATISFIABLE: { status: 416, code: 'SIZE_INVALID' },
  REGISTRATION_CLOSED: { status: 403, code: 'DENIED' },
  ROUTE_UNKNOWN: { status: 404, code: 'UNSUPPORTED' },
  SETUP_CODE_INVALID: { status: 403, code: 'SETUP_CODE_INVALID' },
  SIZE_INVALID: { status: 400, code: 'SIZE_INVALID' },
  STORAGE_FULL: { status: 507, code: 'INSUFFICIENT_STORAGE' },
  STORAGE_UNAVAILABLE: { status: 503, code: 'UNAVAILABLE' },
  OUTCOME_UNKNOWN: { status: 503, code: 'UNAVAILABLE' },
  READ_ONLY: { status: 503, code: 'UNAVAILABLE' },
  REPOSITORY_TAKEN: { status: 409, code: 'REPOSITORY_TAKEN' },
  TAG_IMMUTABLE: { status: 409, code: 'DENIED' },
  TAG_INVALID: { status: 400, code: 'TAG_INVALID' },
  TAG_TAKEN: { status: 409, code: 'TAG_TAKEN' },
  TOKEN_UNKNOWN: { status: 404, code: 'TOKEN_UNKNOWN' },
  TOO_MANY_REQUESTS: { status: 429, code: 'TOOMANYREQUESTS' },
  TOO_MANY_UPLOADS: { status: 429, code: 'TOOMANYREQUESTS' },
  TOO_SLOW: { status: 408, code: 'REQUEST_TIMEOUT' },
  TRASH_UNKNOWN: { status: 404, code: 'TRASH_UNKNOWN' },
  TRUST_UNKNOWN: { status: 404, code: 'TRUST_UNKNOWN' },
  UNAUTHORIZED: { status: 401, code: 'UNAUTHORIZED' },
  UNSUPPORTED: { status: 405, code: 'UNSUPPORTED' },
  WEBHOOK_UNKNOWN: { status: 404, code: 'WEBHOOK_UNKNOWN' },
} as const satisfies Record<ErrorCode, WireError>

/** The answer to what went wrong, in the specification's form. */
export function errorResponse(error: RegistryError): Response {
  const { status, code } = wireErrors[error.code]
  const body = {
    errors: [
      { code, message: error.message, ...(error.detail === undefined ? {} : { detail: error.detail }) },
    ],
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...apiVersion,
      'Content-Type': 'application/json',
      ...retryAfter(status),
      ...headersOf(error),
    },
  })
}

/** A fault of ours: the log has the details, the caller the number to ask for. */
export function faultResponse(requestId: string): Response {
  const message = `the registry failed to answer; its log has more under request ${requestId}`
  return new Response(
    JSON.stringify({ errors: [{ code: 'UNKNOWN', message, detail: { request: requestId } }] }),
    {
      status: 500,
      headers: { ...apiVersion, 'Content-Type': 'application/json' },
    },
  )
}

/** What some errors say in a header: a detail alone no client reads. */
function headersOf({ code, detail }: RegistryError): Record<string, string> {
  const facts = (detail ?? {}) as {
    offset?: number
    size?: number
    allow?: readonly string[]
    retryAfter?: number
    limit?: number
    window?: number
    source?: string
  }
  switch (code) {
    case 'BLOB_UPLOAD_BUSY':
    case 'BLOB_UPLOAD_OUT_OF_ORDER':
      return { Range: `0-${Math.max(0, (facts.offset ?? 0) - 1)}` }
    case 'METHOD_NOT_ALLOWED':
      return { Allow: facts.allow?.join(', ') ?? '' }
    case 'RANGE_NOT_SATISFIABLE':
      return { 'Content-Range': `bytes */${facts.size}` }
    case 'TOO_MANY_REQUESTS':
      return {
        ...(facts.retryAfter === undefined ? {} : { 'Retry-After': String(facts.retryAfter) }),
        ...usedUpHeaders(facts),
      }
    case 'TOO_SLOW':
      // What else the client sends is not waited for.
      return { Connection: 'close' }
    default:
      return {}
  }
}

function usedUpHeaders({
  limit: most,
  window,
  source,
}: {
  limit?: number
  window?: number
  source?: string
}) {
  if (most === undefined || window === undefined || source === undefined) return {}
  return rateLimitHeaders({ most, window: window * 1000, remaining: 0, source })
}

function retryAfter(status: number): Record<string, string> {
  return status === 503 || status === 429 ? { 'Retry-After': '30' } : {}
}
