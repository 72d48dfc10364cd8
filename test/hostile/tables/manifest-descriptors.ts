import {
  absent,
  blob,
  image,
  imageType,
  imageWithLayer,
  layerDescriptor,
  repository,
  tagged,
} from '../content.ts'
import type { Message, Row } from '../row.ts'

const target = `/v2/${repository}/manifests/descriptor`

function push(body: string): Message {
  return { method: 'PUT', target, headers: { 'Content-Type': imageType }, body }
}

/** JSON that JSON.stringify can't write: a size as it stands. */
const imageWithSize = (size: string) => image().replace(`"size":${blob.bytes.length}`, `"size":${size}`)

const hex = blob.digest.slice('sha256:'.length)

const digests: Readonly<Record<string, unknown>> = {
  'no digest': undefined,
  'a digest null': null,
  'a digest that is a number': 5,
  'a digest that is a list': [blob.digest],
  'an empty digest': '',
  'a digest without an algorithm': hex,
  'a digest that is too short': `sha256:${hex.slice(1)}`,
  'a digest in upper case': `sha256:${hex.toUpperCase()}`,
  'an md5 digest': `md5:${hex.slice(0, 32)}`,
  'a digest that is a path': 'sha256:../../../../metadata.sqlite',
  'a digest with a NUL': `${blob.digest}\0`,
  'a digest with a line break': `${blob.digest}\n`,
}

const sizes: readonly string[] = [
  '-1',
  '1.5',
  '1e400',
  '-0.5',
  '18446744073709551616',
  '9007199254740993',
  '"1000"',
  'null',
  'true',
  '[1000]',
  '{}',
]

const mediaTypes: Readonly<Record<string, unknown>> = {
  'no mediaType': undefined,
  'a mediaType null': null,
  'a mediaType that is a number': 5,
  'an empty mediaType': '',
  'a mediaType with a line break': 'a/b\r\nX-Injected: yes',
  'a mediaType with a NUL': 'a/b\0c',
}

/** The specification says nothing of these, or leaves them to the registry. */
const odd: Readonly<Record<string, string>> = {
  'a size that is not the blob’s': imageWithLayer({ size: 7 }),
  'a size of zero': imageWithLayer({ size: 0 }),
  'urls that are a number': imageWithLayer({ urls: 5 }),
  'urls that are numbers': imageWithLayer({ urls: [5] }),
  'urls into this machine': imageWithLayer({ urls: ['http://127.0.0.1:22/', 'file:///etc/passwd'] }),
  'a platform that is a number': imageWithLayer({ platform: 5 }),
  'data that is no base64': imageWithLayer({ data: '***' }),
  'data that is another content': imageWithLayer({ data: 'AAAA' }),
  'annotations that are a list': imageWithLayer({ annotations: [] }),
  'a size written as a float': imageWithSize(`${blob.bytes.length}.0`),
  'a size written with an exponent': imageWithSize('1e3'),
}

export const manifestDescriptors: readonly Row[] = [
  ...Object.entries({ ...digests }).map<Row>(([what, digest]) => ({
    name: `refuses a layer with ${what}`,
    send: push(imageWithLayer({ digest })),
    status: [400],
    code: ['MANIFEST_INVALID', 'DIGEST_INVALID'],
  })),
  ...sizes.map<Row>((size) => ({
    name: `refuses a layer of the size ${size}`,
    send: push(imageWithSize(size)),
    status: [400],
    code: ['MANIFEST_INVALID', 'SIZE_INVALID'],
  })),
  {
    name: 'refuses a layer without a size',
    send: push(imageWithLayer({ size: undefined })),
    status: [400],
    code: ['MANIFEST_INVALID', 'SIZE_INVALID'],
  },
  ...Object.entries(mediaTypes).map<Row>(([what, mediaType]) => ({
    name: `refuses a layer with ${what}`,
    send: push(imageWithLayer({ mediaType })),
    status: [400],
    code: ['MANIFEST_INVALID'],
  })),
  ...Object.entries(odd).map<Row>(([what, body]) => ({
    name: `takes or refuses a layer with ${what}`,
    send: push(body),
    status: [201, 400],
    code: ['MANIFEST_INVALID', 'SIZE_INVALID'],
  })),
  {
    name: 'refuses a layer that is nowhere',
    send: push(imageWithLayer({ digest: absent })),
    status: [400, 404],
    code: ['MANIFEST_BLOB_UNKNOWN'],
  },
  {
    name: 'refuses a config that is nowhere',
    send: push(image({ config: { ...layerDescriptor, digest: absent } })),
    status: [400, 404],
    code: ['MANIFEST_BLOB_UNKNOWN'],
  },
  {
    name: 'refuses a layer whose digest is a manifest’s',
    send: push(imageWithLayer({ digest: tagged.digest })),
    status: [201, 400, 404],
    code: ['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_INVALID'],
  },
  ...['digest', 'size', 'mediaType'].map<Row>((field) => ({
    name: `refuses a subject without ${field}`,
    send: push(image({ subject: { ...layerDescriptor, digest: absent, [field]: undefined } })),
    status: [400],
    code: ['MANIFEST_INVALID', 'DIGEST_INVALID', 'SIZE_INVALID'],
  })),
  {
    name: 'refuses a subject with a malformed digest',
    send: push(image({ subject: { ...layerDescriptor, digest: 'sha256:short' } })),
    status: [400],
    code: ['MANIFEST_INVALID', 'DIGEST_INVALID'],
  },
]
