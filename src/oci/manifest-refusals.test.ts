import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { bytesOfJson, descriptorOf, imageBody, indexBody } from '../../test/support/manifest-bodies.ts'
import { codeThrownBy, thrownBy } from '../../test/support/thrown.ts'
import { parseManifest } from './manifest.ts'
import { mediaTypes } from './media-types.ts'

function refusal(body: unknown, contentType = ''): string | undefined {
  return codeThrownBy(() => parseManifest(bytesOfJson(body), contentType))
}

const bad = (more: Record<string, unknown>) => descriptorOf('bad', more)

test.each([
  ['an image manifest with manifests (CVE-2021-41190)', imageBody({ manifests: [] })],
  ['an image manifest with manifests that are null', imageBody({ manifests: null })],
  ['an index with layers (CVE-2021-41190)', indexBody({ layers: [] })],
  ['an index with a config', indexBody({ config: descriptorOf('config') })],
  ['schema 1', { schemaVersion: 1, mediaType: mediaTypes.dockerSchema1, fsLayers: [] }],
  ['signed schema 1', { schemaVersion: 1, mediaType: mediaTypes.dockerSchema1Signed }],
  ['schema 1 that calls itself something else', imageBody({ schemaVersion: 1 })],
  ['a schema version that is text', imageBody({ schemaVersion: '2' })],
  ['no schema version', imageBody({ schemaVersion: undefined })],
  ['a type that is no manifest', imageBody({ mediaType: 'application/vnd.cncf.helm.config.v1+json' })],
  ['no type at all', imageBody({ mediaType: undefined })],
  ['a type that is no text', imageBody({ mediaType: 2 })],
  ['no config', imageBody({ config: undefined })],
  ['a config that is null', imageBody({ config: null })],
  ['a config that is a list', imageBody({ config: [] })],
  ['no layers', imageBody({ layers: undefined })],
  ['layers that are an object', imageBody({ layers: {} })],
  ['a layer that is null', imageBody({ layers: [null] })],
  ['an index without manifests', indexBody({ manifests: undefined })],
  ['a digest with capitals', imageBody({ layers: [bad({ digest: `sha256:${'AB'.repeat(32)}` })] })],
  ['a digest of an unknown algorithm', imageBody({ layers: [bad({ digest: `md5:${'a'.repeat(32)}` })] })],
  ['a digest that is no text', imageBody({ layers: [bad({ digest: 5 })] })],
  ['a negative size', imageBody({ layers: [bad({ size: -1 })] })],
  ['a size in text', imageBody({ layers: [bad({ size: '1' })] })],
  ['a size with a fraction', imageBody({ layers: [bad({ size: 1.5 })] })],
  ['a size that no number holds', imageBody({ layers: [bad({ size: 2 ** 60 })] })],
  ['a layer without a type', imageBody({ layers: [bad({ mediaType: undefined })] })],
  ['a layer whose type is no media type', imageBody({ layers: [bad({ mediaType: 'layer' })] })],
  ['a child with an artifact type that is no text', indexBody({ manifests: [bad({ artifactType: 1 })] })],
  ['a subject that is null', imageBody({ subject: null })],
  ['a subject without a digest', imageBody({ subject: bad({ digest: undefined }) })],
  ['annotations that are a list', imageBody({ annotations: [] })],
  ['an annotation that is a number', imageBody({ annotations: { a: 1 } })],
  ['an artifact type that is no text', imageBody({ artifactType: {} })],
  ['an artifact type with NUL', imageBody({ artifactType: 'a/\0' })],
  ['an artifact type with half of a surrogate pair', imageBody({ artifactType: 'a/\ud800' })],
  ['a config type with NUL', imageBody({ config: bad({ mediaType: 'a/b;\0' }) })],
  ['a config type with half of a surrogate pair', imageBody({ config: bad({ mediaType: 'a/b;\ud800' }) })],
  ['a list', [imageBody()]],
  ['null', null],
  ['a number', 5],
])('refuses %s', (_, body) => {
  expect(refusal(body)).toBe('MANIFEST_INVALID')
})

test('refuses a Content-Type that is not the mediaType of the body', () => {
  expect(refusal(imageBody(), mediaTypes.dockerManifest)).toBe('MANIFEST_INVALID')
  expect(refusal(imageBody(), mediaTypes.ociIndex)).toBe('MANIFEST_INVALID')
})

test('refuses a body of the other kind than its Content-Type', () => {
  expect(refusal(imageBody({ mediaType: undefined }), mediaTypes.ociIndex)).toBe('MANIFEST_INVALID')
  expect(refusal(indexBody({ mediaType: undefined }), mediaTypes.ociManifest)).toBe('MANIFEST_INVALID')
})

test.each([
  ['nothing', new Uint8Array()],
  ['half of a document', bytesOfJson(imageBody()).subarray(0, 50)],
  ['two documents', Buffer.from('{}{}')],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['UTF-16', Buffer.from('{}', 'utf16le')],
  ['a document nested deeper than any stack', Buffer.from('['.repeat(1_000_000))],
])('refuses %s', (_, bytes) => {
  expect(codeThrownBy(() => parseManifest(bytes, mediaTypes.ociManifest))).toBe('MANIFEST_INVALID')
})

test('names the field that is wrong', () => {
  const body = imageBody({ layers: [descriptorOf('fine'), bad({ size: -1 })] })
  expect(String(thrownBy(() => parseManifest(bytesOfJson(body), '')))).toContain('layers[1].size')
})

test('never counts to a size that no number holds exactly', () => {
  const layers = new Array(3).fill(descriptorOf('huge', { size: Number.MAX_SAFE_INTEGER }))
  const body = bytesOfJson(imageBody({ layers }))
  let size = 0
  const code = codeThrownBy(() => {
    size = parseManifest(body, '').contentSize
  })
  expect(code === 'MANIFEST_INVALID' || Number.isSafeInteger(size)).toBe(true)
})

const contentTypes = fc.constantFrom('', 'text/plain', ...Object.values(mediaTypes))

test('throws nothing but MANIFEST_INVALID, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), contentTypes, (bytes, contentType) =>
      expect(codeThrownBy(() => parseManifest(bytes, contentType))).toBe('MANIFEST_INVALID'),
    ),
  )
})

test('throws nothing but MANIFEST_INVALID, whatever the JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), contentTypes, (value, contentType) =>
      expect(refusal(value, contentType)).toBe('MANIFEST_INVALID'),
    ),
  )
})

test('throws nothing but MANIFEST_INVALID, whatever stands in one field of a manifest', () => {
  const fields = fc.constantFrom(
    'schemaVersion',
    'mediaType',
    'config',
    'layers',
    'manifests',
    'subject',
    'artifactType',
    'annotations',
  )
  fc.assert(
    fc.property(fc.constantFrom(imageBody, indexBody), fields, fc.jsonValue(), (body, field, value) =>
      expect([undefined, 'MANIFEST_INVALID']).toContain(refusal(body({ [field]: value }))),
    ),
    { numRuns: 500 },
  )
})

test('throws nothing but MANIFEST_INVALID, whatever stands in one field of a descriptor', () => {
  const fields = fc.constantFrom('mediaType', 'digest', 'size', 'urls', 'artifactType', 'platform')
  const places = fc.constantFrom('config', 'subject')
  fc.assert(
    fc.property(places, fields, fc.jsonValue(), (place, field, value) =>
      expect([undefined, 'MANIFEST_INVALID']).toContain(
        refusal(imageBody({ [place]: bad({ [field]: value }) })),
      ),
    ),
    { numRuns: 500 },
  )
})
