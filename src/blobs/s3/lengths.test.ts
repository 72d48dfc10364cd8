import { describe, expect, test } from 'bun:test'
import { contentLengthOf, partOf, wholeNumber } from './lengths.ts'
import { S3Objects } from './objects.ts'
import { openObject } from './read-object.ts'
import type { S3Requests } from './requests.ts'

/** Requests that are all answered with this. */
function answering(headers: Record<string, string>, { status = 200, body = 'bytes' } = {}): S3Requests {
  const response = () => new Response(body, { status, headers })
  const send: S3Requests['send'] = async (_request, read) => read(response())
  return { send } as S3Requests
}

describe('a length that the storage tells', () => {
  test('is a whole number of digits', () => {
    expect(contentLengthOf(new Headers({ 'content-length': '0' }), 'HeadObject')).toBe(0)
    expect(wholeNumber('5497558138880', 'ListObjectsV2')).toBe(5_497_558_138_880)
  })

  test.each([
    undefined,
    null,
    '',
    ' ',
    '-1',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '9'.repeat(16),
    '9'.repeat(400),
  ])('is none where it reads %p', (text) => {
    expect(() => wholeNumber(text, 'HeadObject')).toThrow('HeadObject: the answer does not tell a length')
  })

  test('is asked for again where it is missing, and not taken for an object of no bytes', async () => {
    const looked = new S3Objects(answering({}, { body: '' }), undefined).head('key')
    expect(await looked.catch((error: Error) => error.message)).toContain('does not tell a length')
    const opened = openObject(answering({}), 'key')
    expect(await opened.catch((error: Error) => error.message)).toContain('does not tell a length')
  })
})

describe('a part of an object', () => {
  const asked = { first: 2, last: 5 }
  const part = (text: string) => partOf(new Headers({ 'content-range': text }), asked)

  test('is told with the length of the whole', () => {
    expect(part('bytes 2-5/10')).toEqual({ length: 4, total: 10 })
    expect(part('bytes 2-3/4')).toEqual({ length: 2, total: 4 })
  })

  test.each([
    '',
    'bytes 2-5/*',
    'bytes 2-5',
    'bytes 5-2/10',
    'bytes 2-10/10',
    'bytes */10',
    '2-5/10',
    'bytes -1-5/10',
  ])('is not read where its place is told as %p', (text) => {
    expect(() => part(text)).toThrow('does not tell which part it is')
  })

  test('is not read where it is another than was asked for', async () => {
    for (const text of ['bytes 0-5/10', 'bytes 2-6/10']) expect(() => part(text)).toThrow('another part')
    const whole = openObject(answering({ 'content-length': '5' }), 'key', asked)
    expect(await whole.catch((error: Error) => error.message)).toContain('more than the part asked for')
  })
})
