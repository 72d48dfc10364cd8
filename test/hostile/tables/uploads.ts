import { blob, contentOf, elsewhere, repository } from '../content.ts'
import { finishUpload } from '../fixture.ts'
import type { ErrorCode, Message, Row } from '../row.ts'

const uploads = `/v2/${repository}/blobs/uploads/`
const content = contentOf(Buffer.from('the content of an upload'))
const methods = ['GET', 'PATCH', 'PUT', 'DELETE'] as const
const unknown: readonly ErrorCode[] = ['BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID']

function to(method: string, path: string): Message {
  const target = method === 'PUT' ? `${path}${path.includes('?') ? '&' : '?'}digest=${content.digest}` : path
  return { method, target, ...(method === 'PATCH' || method === 'PUT' ? { body: content.bytes } : {}) }
}

const malformed: Readonly<Record<string, string>> = {
  'that is a word': 'none',
  'that is a number': '-1',
  'with a NUL': 'a%00b',
  'with a slash': 'a%2fb',
  'of 1,000 characters': 'a'.repeat(1000),
  'that is a quote': "'%20OR%201=1--",
  'with a broken escape': '%zz',
  'in invalid UTF-8': '%ff%fe',
  'in upper case': '00000000-0000-4000-8000-00000000000F',
  'that climbs out': '..%2f..%2f..%2fmetadata.sqlite',
}

const digests: Readonly<Record<string, string>> = {
  'no digest': '',
  'an empty digest': 'digest=',
  'a malformed digest': 'digest=sha256:short',
  'a digest in upper case': `digest=${content.digest.toUpperCase()}`,
  'an md5 digest': `digest=md5:${'0'.repeat(32)}`,
  'a digest with a broken escape': 'digest=sha256%zz',
  'a digest in invalid UTF-8': 'digest=%ff%fe',
  'a digest with a NUL': `digest=${content.digest}%00`,
  'a digest of another content': `digest=${blob.digest}`,
  'a digest that is encoded twice': `digest=${content.digest.replace(':', '%253A')}`,
}

export const openUploads: readonly Row[] = [
  ...methods.map<Row>((method) => ({
    name: `sends ${method} to an upload that never was`,
    send: to(method, `${uploads}00000000-0000-4000-8000-000000000000`),
    status: [404],
    code: ['BLOB_UPLOAD_UNKNOWN'],
  })),
  ...Object.entries(malformed).flatMap<Row>(([what, id]) =>
    (['GET', 'PATCH'] as const).map((method) => ({
      name: `sends ${method} to an upload with an id ${what}`,
      send: to(method, uploads + id),
      status: [400, 404],
      code: unknown,
    })),
  ),
  ...methods.map<Row>((method) => ({
    name: `sends ${method} to an upload of another repository`,
    send: async (fixture) => {
      const upload = await fixture.upload(elsewhere)
      return to(method, upload.replace(elsewhere, repository))
    },
    status: [404],
    code: ['BLOB_UPLOAD_UNKNOWN'],
  })),
  ...methods.map<Row>((method) => ({
    name: `sends ${method} to an upload that is finished`,
    send: async (fixture) => {
      const upload = await fixture.upload()
      await finishUpload(fixture.server.url, upload, blob)
      return to(method, upload)
    },
    status: [404],
    code: ['BLOB_UPLOAD_UNKNOWN'],
  })),
  ...methods.map<Row>((method) => ({
    name: `sends ${method} to an upload that was given up`,
    send: async (fixture) => {
      const upload = await fixture.upload()
      await fixture.get(upload, 'DELETE')
      return to(method, upload)
    },
    status: [404],
    code: ['BLOB_UPLOAD_UNKNOWN'],
  })),
  {
    name: 'sends GET to an upload that climbs into the data directory',
    send: { target: `${uploads}../../../metadata.sqlite` },
    status: [400, 404],
  },
  ...Object.entries(digests).flatMap<Row>(([what, query]) => [
    {
      name: `finishes an upload with ${what}`,
      send: async (fixture) => {
        const upload = await fixture.upload()
        const target = `${upload}${upload.includes('?') ? '&' : '?'}${query}`
        return { method: 'PUT', target, body: content.bytes }
      },
      status: [400],
      code: ['DIGEST_INVALID', 'BLOB_UPLOAD_INVALID'],
    },
    {
      name: `pushes a blob in one request with ${what}`,
      send: { method: 'POST', target: `${uploads}?${query}`, body: content.bytes },
      // Without a digest it is the start of an upload, whose body says nothing.
      status: query.length > 'digest='.length ? [400] : [202, 400],
      code: ['DIGEST_INVALID', 'BLOB_UPLOAD_INVALID'],
    },
  ]),
  {
    name: 'finishes an upload with two digests, of which one fits',
    send: async (fixture) => {
      const message = to('PUT', await fixture.upload())
      return { ...message, target: `${message.target}&digest=${blob.digest}` }
    },
    status: [201, 400],
  },
  ...['', 'md5', 'SHA256', 'sha384', 'sha256%00', '%zz', '__proto__', 'a'.repeat(1000)].map<Row>((name) => ({
    name: `opens an upload with the digest-algorithm ${name.slice(0, 20) || 'that is empty'}`,
    send: { method: 'POST', target: `${uploads}?digest-algorithm=${name}` },
    status: name === '' ? [202, 400] : [400],
    code: ['DIGEST_INVALID', 'BLOB_UPLOAD_INVALID', 'UNSUPPORTED'],
  })),
]
