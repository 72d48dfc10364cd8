import { blob, image, imageType, repository, sha512Of } from '../content.ts'
import type { Row } from '../row.ts'

const hex = blob.digest.slice('sha256:'.length)

/** None of these is a digest of an algorithm that a registry must know. */
const invalid: Readonly<Record<string, string>> = {
  'no algorithm': `:${hex}`,
  'no digits': 'sha256:',
  'upper-case digits': `sha256:${hex.toUpperCase()}`,
  'an upper-case algorithm': `SHA256:${hex}`,
  '63 digits': `sha256:${hex.slice(1)}`,
  '65 digits': `sha256:${hex}0`,
  'sha256 with 128 digits': `sha256:${hex}${hex}`,
  'sha512 with 64 digits': `sha512:${hex}`,
  'letters that are no digits': `sha256:${'g'.repeat(64)}`,
  md5: `md5:${hex.slice(0, 32)}`,
  sha1: `sha1:${hex.slice(0, 40)}`,
  sha384: `sha384:${hex}${hex.slice(0, 32)}`,
  'a composed algorithm': `sha256+b64:${hex}`,
  'the name of an inherited property': `constructor:${hex}`,
  'two colons': `sha256::${hex.slice(1)}`,
  'an encoded NUL': `sha256:${hex.slice(3)}%00`,
  'a space behind it': `sha256:${hex}%20`,
  'a way out of the directory': 'sha256:..%2f..%2f..%2fetc%2fpasswd',
}

const base = `/v2/${repository}`

export const digests: readonly Row[] = [
  ...Object.entries(invalid).flatMap<Row>(([what, digest]) => [
    {
      name: `asks for a blob by a digest with ${what}`,
      send: { target: `${base}/blobs/${digest}` },
      status: [400],
      code: ['DIGEST_INVALID'],
    },
    {
      name: `asks for a manifest by a digest with ${what}`,
      send: { target: `${base}/manifests/${digest}` },
      status: [400],
      code: ['DIGEST_INVALID', 'MANIFEST_INVALID'],
    },
    {
      name: `asks for referrers of a digest with ${what}`,
      send: { target: `${base}/referrers/${digest}` },
      status: [400],
      code: ['DIGEST_INVALID'],
    },
  ]),
  {
    name: 'asks for a blob by hexadecimal digits alone',
    send: { target: `${base}/blobs/${hex}` },
    status: [400],
    code: ['DIGEST_INVALID'],
  },
  {
    name: 'asks for referrers of a tag',
    send: { target: `${base}/referrers/latest` },
    status: [400],
    code: ['DIGEST_INVALID'],
  },
  {
    name: 'asks for a blob by a digest with an encoded colon',
    send: { target: `${base}/blobs/sha256%3a${hex}` },
    status: [200, 400, 404],
  },
  {
    name: 'asks for a blob by a digest that climbs out',
    send: { target: `${base}/blobs/sha256:../../../metadata.sqlite` },
    status: [400, 404],
  },
  ...['HEAD', 'DELETE'].map<Row>((method) => ({
    name: `sends ${method} for a blob by a malformed digest`,
    send: { method, target: `${base}/blobs/sha256:short` },
    status: [400],
    code: ['DIGEST_INVALID'],
  })),
  ...['HEAD', 'DELETE'].map<Row>((method) => ({
    name: `sends ${method} for a manifest by a malformed digest`,
    send: { method, target: `${base}/manifests/sha256:short` },
    status: [400],
    code: ['DIGEST_INVALID', 'MANIFEST_INVALID'],
  })),
  ...Object.entries({
    'of another content': `sha256:${'0'.repeat(64)}`,
    'that is malformed': 'sha256:short',
    'of an unknown algorithm': `md5:${hex.slice(0, 32)}`,
    'whose algorithm is in upper case': `SHA256:${hex}`,
    'of another content, in sha512': sha512Of('something else'),
  }).map<Row>(([what, digest]) => ({
    name: `pushes a manifest under a digest ${what}`,
    send: {
      method: 'PUT',
      target: `${base}/manifests/${digest}`,
      headers: { 'Content-Type': imageType },
      body: image(),
    },
    status: [400],
    code: ['DIGEST_INVALID', 'MANIFEST_INVALID'],
  })),
]
