import { describe, expect, test } from 'bun:test'
import { bytesOfJson, descriptorOf, imageBody, indexBody } from '../../test/support/manifest-bodies.ts'
import { parseManifest } from './manifest.ts'
import { mediaTypes } from './media-types.ts'

function parse(body: unknown, contentType = '') {
  return parseManifest(bytesOfJson(body), contentType)
}

const digestOfText = (content: string) => descriptorOf(content).digest

describe('the type of a manifest', () => {
  test.each([
    [mediaTypes.ociManifest, imageBody, 'image'],
    [mediaTypes.dockerManifest, imageBody, 'image'],
    [mediaTypes.ociIndex, indexBody, 'index'],
    [mediaTypes.dockerManifestList, indexBody, 'index'],
  ] as const)('%s is accepted', (mediaType, body, kind) => {
    expect(parse(body({ mediaType }), mediaType)).toMatchObject({ kind, mediaType })
  })

  test('is the Content-Type where the body says none', () => {
    expect(parse(imageBody({ mediaType: undefined }), mediaTypes.ociManifest).kind).toBe('image')
    expect(parse(indexBody({ mediaType: undefined }), mediaTypes.ociIndex).kind).toBe('index')
  })

  test.each(['', mediaTypes.octetStream, 'application/json'])(
    "is the body's own where the Content-Type is %p",
    (contentType) => {
      expect(parse(imageBody(), contentType).mediaType).toBe(mediaTypes.ociManifest)
    },
  )
})

describe('the references of a manifest', () => {
  test('are config and layers of an image, and its subject', () => {
    const subject = descriptorOf('subject', { mediaType: mediaTypes.ociManifest })
    const { references, subject: digest } = parse(imageBody({ subject }))
    expect(references).toEqual([
      { digest: digestOfText('config'), role: 'config', foreign: false },
      { digest: digestOfText('one'), role: 'layer', foreign: false },
      { digest: digestOfText('two'), role: 'layer', foreign: false },
      { digest: digestOfText('subject'), role: 'subject', foreign: false },
    ])
    expect(digest).toBe(digestOfText('subject'))
  })

  test('are the children of an index, those that are indexes too', () => {
    const manifests = [
      descriptorOf('image', { mediaType: mediaTypes.dockerManifest }),
      descriptorOf('nested', { mediaType: mediaTypes.ociIndex }),
    ]
    expect(parse(indexBody({ manifests })).references).toEqual([
      { digest: digestOfText('image'), role: 'child', foreign: false },
      { digest: digestOfText('nested'), role: 'child', foreign: false },
    ])
  })

  test('are blobs where an index has layers for children, as the cache of buildkit does', () => {
    const manifests = [
      descriptorOf('layer'),
      descriptorOf('config', { mediaType: 'application/vnd.buildkit.cacheconfig.v0' }),
    ]
    expect(parse(indexBody({ manifests })).references.map(({ role }) => role)).toEqual([
      'blob-child',
      'blob-child',
    ])
  })

  test('are told apart as foreign where a layer lies elsewhere', () => {
    const layers = [descriptorOf('base', { urls: ['https://example.com/base'] }), descriptorOf('own')]
    const foreign = parse(imageBody({ layers })).references.filter((reference) => reference.foreign)
    expect(foreign.map(({ digest }) => digest)).toEqual([digestOfText('base')])
  })

  test('are listed once each, and as our own where one of the repeats is', () => {
    const layers = [
      descriptorOf('same', { urls: ['https://example.com/same'] }),
      descriptorOf('same'),
      descriptorOf('same', { urls: ['https://example.com/same'] }),
    ]
    const { references } = parse(imageBody({ layers }))
    expect(references.filter(({ role }) => role === 'layer')).toEqual([
      { digest: digestOfText('same'), role: 'layer', foreign: false },
    ])
  })

  test('are kept for each role where one blob has two', () => {
    const layers = [descriptorOf('config')]
    expect(parse(imageBody({ layers })).references.map(({ role }) => role)).toEqual(['config', 'layer'])
  })
})

describe('what a manifest says of itself', () => {
  test('its artifact type is its own before that of its config', () => {
    expect(parse(imageBody({ artifactType: 'application/x.own' })).artifactType).toBe('application/x.own')
    expect(parse(imageBody()).artifactType).toBe('application/vnd.oci.image.config.v1+json')
    expect(parse(imageBody({ artifactType: '' })).artifactType).toBe(
      'application/vnd.oci.image.config.v1+json',
    )
  })

  test('an index has an artifact type only of its own', () => {
    expect(parse(indexBody()).artifactType).toBeUndefined()
    expect(parse(indexBody({ artifactType: 'application/x.own' })).artifactType).toBe('application/x.own')
  })

  test('its content is config and layers together, repeats too', () => {
    const layers = [descriptorOf('one', { size: 100 }), descriptorOf('one', { size: 100 })]
    const config = descriptorOf('config', { size: 7 })
    expect(parse(imageBody({ config, layers })).contentSize).toBe(207)
  })

  test('the content of an index is what it says of its children', () => {
    const manifests = [descriptorOf('one', { size: 3 }), descriptorOf('two', { size: 4 })]
    expect(parse(indexBody({ manifests })).contentSize).toBe(7)
    expect(parse(indexBody({ manifests: [] })).contentSize).toBe(0)
  })

  test('fields that nobody knows yet are no hindrance', () => {
    const more = { annotations: { a: 'b' }, 'com.example.future': [1, { deep: true }] }
    expect(parse(imageBody(more)).kind).toBe('image')
    expect(parse(imageBody({ layers: [] })).references).toHaveLength(1)
  })
})
