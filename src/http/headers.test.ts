import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { digests } from '../../test/support/grammar.ts'
import { digestOf } from '../oci/digest.ts'
import { clientHas, etag, headersPerObject } from './headers.ts'

const digest = digestOf(new Uint8Array([1]))
const other = digestOf(new Uint8Array([2]))

function has(ifNoneMatch: string | undefined): boolean {
  const headers = ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch }
  return clientHas(new Request('http://localhost/', { headers }), digest)
}

describe('a client has the object already', () => {
  test.each([
    ['its tag', etag(digest)],
    ['its tag marked as weak', `W/${etag(digest)}`],
    ['any tag', '*'],
    ['its tag among others', `"a", ${etag(other)},${etag(digest)}`],
  ])('where If-None-Match names %s', (_, header) => {
    expect(has(header)).toBe(true)
  })

  test.each([
    ['is missing', undefined],
    ['names another', etag(other)],
    ['is the digest without quotes', digest],
    ['holds the digest in a longer tag', `"x${digest}"`],
    ['is nonsense', '",,"'],
  ])('but not where If-None-Match %s', (_, header) => {
    expect(has(header)).toBe(false)
  })

  test('where it was given that tag, whatever the digest', () => {
    fc.assert(
      fc.property(digests, (own) => {
        const request = new Request('http://localhost/', { headers: { 'If-None-Match': etag(own) } })
        expect(clientHas(request, own)).toBe(true)
      }),
    )
  })
})

test('headers of one object are made once, and changing an answer changes no other', () => {
  let made = 0
  const headersOf = headersPerObject((object: { name: string }) => {
    made += 1
    return { 'X-Name': object.name }
  })
  const object = { name: 'one' }
  const answer = new Response('', { headers: headersOf(object) })
  answer.headers.set('X-Name', 'changed')
  expect(new Response('', { headers: headersOf(object) }).headers.get('x-name')).toBe('one')
  expect(headersOf({ name: 'two' }).get('x-name')).toBe('two')
  expect(made).toBe(2)
})
