import {
  absent,
  configDescriptor,
  image,
  imageType,
  index,
  indexType,
  layerDescriptor,
  repository,
} from '../content.ts'
import type { Message, Row } from '../row.ts'

const target = `/v2/${repository}/manifests/body`

function push(body: Uint8Array | string, contentType = imageType): Message {
  return { method: 'PUT', target, headers: { 'Content-Type': contentType }, body }
}

const depth = 100_000

/** Not JSON, or not an object. */
const notObjects: Readonly<Record<string, Uint8Array | string>> = {
  nothing: '',
  'white space': ' \r\n\t',
  text: 'not json',
  HTML: '<html></html>',
  'half of a manifest': image().slice(0, 100),
  'a manifest and more behind it': `${image()}{}`,
  'two manifests': image() + image(),
  'a comment': `/* */${image()}`,
  'single quotes': image().replaceAll('"', "'"),
  'a comma too many': image().replace(/}$/, ',}'),
  NaN: image().replace(/"size":\d+/, '"size":NaN'),
  'an array': `[${image()}]`,
  'a number': '42',
  'a number of 100,000 digits': '9'.repeat(100_000),
  null: 'null',
  true: 'true',
  'a string': '"manifest"',
  'NUL bytes': '\0'.repeat(1000),
  'a NUL behind it': `${image()}\0`,
  'invalid UTF-8': image({ annotations: { key: 'xx' } }).replace('xx', '\xff\xfe'),
  'an overlong encoding': image({ annotations: { key: 'xx' } }).replace('xx', '\xc0\xaf'),
  'a lone surrogate in UTF-8': image({ annotations: { key: 'xxx' } }).replace('xxx', '\xed\xa0\x80'),
  'UTF-16': Buffer.from(image(), 'utf16le'),
  gzip: Bun.gzipSync(Buffer.from(image(), 'latin1')),
  '100,000 arrays in one another': '['.repeat(depth) + ']'.repeat(depth),
  '100,000 arrays that are never closed': '['.repeat(depth),
  '100,000 objects in one another': `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
}

/** Objects, but no manifests of any kind that is served. */
const notManifests: Readonly<Record<string, Message>> = {
  'an empty object': push('{}'),
  'no schemaVersion': push(image({ schemaVersion: undefined })),
  'schemaVersion 1': push(image({ schemaVersion: 1 })),
  'schemaVersion 3': push(image({ schemaVersion: 3 })),
  'schemaVersion as text': push(image({ schemaVersion: '2' })),
  'no config': push(image({ config: undefined })),
  'config null': push(image({ config: null })),
  'config as a list': push(image({ config: [configDescriptor] })),
  'config as a digest': push(image({ config: configDescriptor.digest })),
  'no layers': push(image({ layers: undefined })),
  'layers as an object': push(image({ layers: { 0: layerDescriptor, length: 1 } })),
  'layers as text': push(image({ layers: 'none' })),
  'layers of null': push(image({ layers: [null] })),
  'layers of text': push(image({ layers: [layerDescriptor.digest] })),
  'layers of lists': push(image({ layers: [[layerDescriptor]] })),
  'an index without manifests': push(index({ manifests: undefined }), indexType),
  'an index whose manifests are an object': push(index({ manifests: {} }), indexType),
  'an index of null': push(index({ manifests: [null] }), indexType),
  'an index of numbers': push(index({ manifests: [1, 2] }), indexType),
  'mediaType as a number': push(image({ mediaType: 5 })),
  'mediaType as a list': push(image({ mediaType: [imageType] })),
  'a subject as text': push(image({ subject: absent })),
  'a subject as a list': push(image({ subject: [layerDescriptor] })),
  'an empty subject': push(image({ subject: {} })),
  'artifactType as a number': push(image({ artifactType: 5 })),
  'artifactType as an object': push(image({ artifactType: {} })),
  'annotations as a list': push(image({ annotations: ['a'] })),
  'annotations as text': push(image({ annotations: 'a' })),
  'an annotation that is a number': push(image({ annotations: { a: 1 } })),
  // CVE-2021-41190: it must not mean one thing to one client and another to the next.
  'layers and manifests, as an image': push(image({ manifests: [] })),
  'layers and manifests, as an index': push(index({ layers: [layerDescriptor] }), indexType),
  'config and manifests, as an index': push(index({ config: configDescriptor }), indexType),
  'layers and manifests without a mediaType': push(
    image({ mediaType: undefined, manifests: [{ ...layerDescriptor }] }),
  ),
  'an image pushed as an index': push(image(), indexType),
  'an index pushed as an image': push(index(), imageType),
  'an index that calls itself an image': push(index({ mediaType: imageType }), imageType),
}

/** Odd, but JSON and a manifest; whether it is taken is the registry's choice, what comes of it is not. */
const odd: Readonly<Record<string, Message>> = {
  'a byte order mark': push(`\xef\xbb\xbf${image()}`),
  'a field twice': push(image().replace('{', '{"schemaVersion":2,')),
  'a mediaType twice, differing': push(image().replace('{', `{"mediaType":"${indexType}",`)),
  'layers twice, differing': push(image().replace('{', '{"layers":[],')),
  'layers null': push(image({ layers: null })),
  'manifests null, as an image': push(image({ manifests: null })),
  'an index whose manifests are null': push(index({ manifests: null }), indexType),
  'a subject null': push(image({ subject: null })),
  'annotations null': push(image({ annotations: null })),
  'a __proto__ of its own': push(image().replace('{', '{"__proto__":{"layers":[],"polluted":true},')),
  'an escaped NUL in an annotation': push(image({ annotations: { 'a\0b': 'c\0d' } })),
  'an escaped lone surrogate': push(image({ annotations: { a: '?' } }).replace('"?"', '"\\ud800"')),
  'an escaped NUL in artifactType': push(image({ artifactType: 'a/b\0c' })),
  'an artifactType of 100,000 characters': push(image({ artifactType: `a/${'b'.repeat(100_000)}` })),
  'an artifactType that is no media type': push(image({ artifactType: '"; rel="next' })),
  'unknown fields': push(image({ extra: { deep: [1, 2, { a: null }] } })),
  '5,000 equal layers': push(image({ layers: Array.from({ length: 5000 }, () => layerDescriptor) })),
  '1,000 arrays in one another': push(
    image({ extra: 0 }).replace(':0}', `:${'['.repeat(1000)}${']'.repeat(1000)}}`),
  ),
  '100,000 arrays in one another, in a manifest': push(
    image({ extra: 0 }).replace(':0}', `:${'['.repeat(depth)}${']'.repeat(depth)}}`),
  ),
}

export const manifestBodies: readonly Row[] = [
  ...Object.entries(notObjects).map<Row>(([what, body]) => ({
    name: `refuses a manifest that is ${what}`,
    send: push(body),
    status: [400],
    code: ['MANIFEST_INVALID'],
  })),
  ...Object.entries(notManifests).map<Row>(([what, send]) => ({
    name: `refuses a manifest with ${what}`,
    send,
    status: [400],
    code: ['MANIFEST_INVALID'],
  })),
  ...Object.entries(odd).map<Row>(([what, send]) => ({
    name: `takes or refuses a manifest with ${what}`,
    send,
    status: [201, 400],
    code: ['MANIFEST_INVALID'],
  })),
]
