import { describe, expect, test } from 'bun:test'
import { type ErrorCode, RegistryError } from '../oci/errors.ts'
import { errorResponse, faultResponse } from './errors.ts'

/** What clients depend on, written down a second time: a change of the table is a change of the protocol. */
const answers: Record<ErrorCode, readonly [status: number, code: string]> = {
  ACCOUNT_UNKNOWN: [404, 'ACCOUNT_UNKNOWN'],
  BLOB_IN_USE: [405, 'DENIED'],
  BLOB_DAMAGED: [404, 'BLOB_UNKNOWN'],
  BLOB_TOO_LARGE: [413, 'SIZE_INVALID'],
  BLOB_UNKNOWN: [404, 'BLOB_UNKNOWN'],
  BLOB_UPLOAD_BUSY: [416, 'BLOB_UPLOAD_INVALID'],
  BLOB_UPLOAD_INVALID: [400, 'BLOB_UPLOAD_INVALID'],
  BLOB_UPLOAD_OUT_OF_ORDER: [416, 'BLOB_UPLOAD_INVALID'],
  BLOB_UPLOAD_UNKNOWN: [404, 'BLOB_UPLOAD_UNKNOWN'],
  BODY_TOO_LARGE: [413, 'SIZE_INVALID'],
  DELETE_DISABLED: [405, 'UNSUPPORTED'],
  DELIVERY_UNKNOWN: [404, 'DELIVERY_UNKNOWN'],
  DENIED: [403, 'DENIED'],
  DIGEST_INVALID: [400, 'DIGEST_INVALID'],
  DIRECTORY_UNAVAILABLE: [503, 'UNAVAILABLE'],
  INVITATION_INVALID: [403, 'INVITATION_INVALID'],
  ISSUER_UNAVAILABLE: [503, 'UNAVAILABLE'],
  LAST_OWNER: [409, 'LAST_OWNER'],
  LIMIT_REACHED: [403, 'DENIED'],
  MANIFEST_BLOB_UNKNOWN: [404, 'MANIFEST_BLOB_UNKNOWN'],
  MANIFEST_DAMAGED: [404, 'MANIFEST_UNKNOWN'],
  MANIFEST_INVALID: [400, 'MANIFEST_INVALID'],
  MANIFEST_IN_USE: [405, 'DENIED'],
  MANIFEST_TOO_LARGE: [413, 'SIZE_INVALID'],
  MANIFEST_UNKNOWN: [404, 'MANIFEST_UNKNOWN'],
  MEDIA_TYPE_UNSUPPORTED: [415, 'UNSUPPORTED'],
  METHOD_NOT_ALLOWED: [405, 'UNSUPPORTED'],
  NAMESPACE_UNKNOWN: [404, 'NAMESPACE_UNKNOWN'],
  NAME_RESERVED: [400, 'NAME_INVALID'],
  NAME_TAKEN: [409, 'NAME_TAKEN'],
  NAME_INVALID: [400, 'NAME_INVALID'],
  NAME_UNKNOWN: [404, 'NAME_UNKNOWN'],
  PAGINATION_NUMBER_INVALID: [400, 'PAGINATION_NUMBER_INVALID'],
  PARAMETER_INVALID: [400, 'PARAMETER_INVALID'],
  QUOTA_BUSY: [503, 'UNAVAILABLE'],
  QUOTA_EXCEEDED: [403, 'DENIED'],
  RANGE_NOT_SATISFIABLE: [416, 'SIZE_INVALID'],
  OUTCOME_UNKNOWN: [503, 'UNAVAILABLE'],
  READ_ONLY: [503, 'UNAVAILABLE'],
  REPOSITORY_TAKEN: [409, 'REPOSITORY_TAKEN'],
  REGISTRATION_CLOSED: [403, 'DENIED'],
  ROUTE_UNKNOWN: [404, 'UNSUPPORTED'],
  SETUP_CODE_INVALID: [403, 'SETUP_CODE_INVALID'],
  SIZE_INVALID: [400, 'SIZE_INVALID'],
  STORAGE_FULL: [507, 'INSUFFICIENT_STORAGE'],
  STORAGE_UNAVAILABLE: [503, 'UNAVAILABLE'],
  TAG_IMMUTABLE: [409, 'DENIED'],
  TAG_INVALID: [400, 'TAG_INVALID'],
  TAG_TAKEN: [409, 'TAG_TAKEN'],
  TOKEN_UNKNOWN: [404, 'TOKEN_UNKNOWN'],
  TOO_MANY_REQUESTS: [429, 'TOOMANYREQUESTS'],
  TOO_MANY_UPLOADS: [429, 'TOOMANYREQUESTS'],
  TOO_SLOW: [408, 'REQUEST_TIMEOUT'],
  TRASH_UNKNOWN: [404, 'TRASH_UNKNOWN'],
  TRUST_UNKNOWN: [404, 'TRUST_UNKNOWN'],
  UNAUTHORIZED: [401, 'UNAUTHORIZED'],
  UNSUPPORTED: [405, 'UNSUPPORTED'],
  WEBHOOK_UNKNOWN: [404, 'WEBHOOK_UNKNOWN'],
}

describe('the answer to an error', () => {
  test.each(Object.entries(answers) as [ErrorCode, (typeof answers)[ErrorCode]][])(
    '%s has the form of the specification',
    async (code, [status, wireCode]) => {
      const answer = errorResponse(
        new RegistryError(code, 'what to do', { detail: { size: 1, allow: ['GET'] } }),
      )
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
      expect(await answer.json()).toEqual({
        errors: [{ code: wireCode, message: 'what to do', detail: { size: 1, allow: ['GET'] } }],
      })
    },
  )

  test('has no detail where there is none', async () => {
    const answer = errorResponse(new RegistryError('BLOB_UNKNOWN', 'no such blob'))
    expect(await answer.json()).toEqual({ errors: [{ code: 'BLOB_UNKNOWN', message: 'no such blob' }] })
  })

  test('never shows the cause', async () => {
    const error = new RegistryError('STORAGE_FULL', 'full', { cause: new Error('/secret/path') })
    expect(await errorResponse(error).text()).not.toContain('/secret/path')
  })
})

describe('the headers of an error', () => {
  const headerOf = (code: ErrorCode, header: string, detail?: unknown) =>
    errorResponse(new RegistryError(code, 'message', { detail })).headers.get(header)

  test.each(['BLOB_UPLOAD_OUT_OF_ORDER', 'BLOB_UPLOAD_BUSY'] as const)(
    '%s says up to where the upload is here',
    (code) => {
      expect(headerOf(code, 'range', { offset: 100 })).toBe('0-99')
      expect(headerOf(code, 'range', { offset: 0 })).toBe('0-0')
      expect(headerOf(code, 'range')).toBe('0-0')
    },
  )

  test('a method that is not allowed is told which are', () => {
    expect(headerOf('METHOD_NOT_ALLOWED', 'allow', { allow: ['GET', 'HEAD'] })).toBe('GET, HEAD')
  })

  test('a range outside the object is told its size', () => {
    expect(headerOf('RANGE_NOT_SATISFIABLE', 'content-range', { size: 42 })).toBe('bytes */42')
  })

  test('a storage that is unavailable says when to come again', () => {
    expect(headerOf('STORAGE_UNAVAILABLE', 'retry-after')).toMatch(/^\d+$/)
  })

  test('others have none of these', () => {
    for (const header of ['range', 'allow', 'content-range', 'retry-after']) {
      expect(headerOf('BLOB_UNKNOWN', header, { offset: 1, size: 1, allow: ['GET'] })).toBeNull()
    }
  })
})

test('a fault of ours tells the number of the request and nothing more', async () => {
  const answer = faultResponse('abc-1')
  expect(answer.status).toBe(500)
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNKNOWN', detail: { request: 'abc-1' } }] })
})
