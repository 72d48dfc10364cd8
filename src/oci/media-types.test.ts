import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/grammar.ts'
import { bareMediaType, manifestKindOf, mediaTypes } from './media-types.ts'

test('knows two kinds of image manifests and two of indexes', () => {
  expect(manifestKindOf(mediaTypes.ociManifest)).toBe('image')
  expect(manifestKindOf(mediaTypes.dockerManifest)).toBe('image')
  expect(manifestKindOf(mediaTypes.ociIndex)).toBe('index')
  expect(manifestKindOf(mediaTypes.dockerManifestList)).toBe('index')
})

test.each([mediaTypes.dockerSchema1, mediaTypes.dockerSchema1Signed, mediaTypes.octetStream, ''])(
  'does not take %p for a manifest',
  (mediaType) => {
    expect(manifestKindOf(mediaType)).toBeUndefined()
  },
)

test.each([
  [' Application/JSON ; charset=utf-8', 'application/json'],
  ['application/json;', 'application/json'],
  [';', ''],
  ['', ''],
])('the bare type of %p is %p', (header, bare) => {
  expect(bareMediaType(header)).toBe(bare)
})

test('a bare type has no parameters left, and is its own bare type', () => {
  fc.assert(
    fc.property(anyText, (header) => {
      const bare = bareMediaType(header)
      expect(bare).not.toContain(';')
      expect(bareMediaType(bare)).toBe(bare)
    }),
  )
})
