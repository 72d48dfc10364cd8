import { expect } from 'bun:test'
import { contentOf } from '../content.ts'
import { type Fixture, finishUpload } from '../fixture.ts'
import type { Message, Row } from '../row.ts'

const content = contentOf(Buffer.from('0123456789abcdefghij'))
const half = content.bytes.slice(0, 10)

interface Chunk {
  method?: string
  range: string
  /** How many bytes the upload holds before. */
  offset?: number
  body?: Uint8Array
}

/** Sends a chunk that must be refused, and then goes on with the upload as if nothing had happened. */
function refused({ method = 'PATCH', range, offset = 0, body = half }: Chunk): Row['send'] {
  return async (fixture) => {
    const upload = await uploadAt(fixture, offset)
    const query = `${upload.includes('?') ? '&' : '?'}digest=${content.digest}`
    return {
      method,
      target: method === 'PUT' ? `${upload}${query}` : upload,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': range },
      body,
      after: () => usableAt(fixture, { upload, offset }),
    }
  }
}

async function uploadAt(fixture: Fixture, offset: number): Promise<string> {
  const upload = await fixture.upload()
  if (offset === 0) return upload
  const response = await fetch(fixture.server.url + upload, {
    method: 'PATCH',
    headers: { 'Content-Range': `0-${offset - 1}` },
    body: content.bytes.slice(0, offset),
  })
  expect(response.status).toBe(202)
  return pathOf(response)
}

/** Holds that the upload is where it was, and that it can be finished. */
async function usableAt(fixture: Fixture, { upload, offset }: { upload: string; offset: number }) {
  const status = await fixture.get(upload)
  expect(status.status).toBe(204)
  expect(status.headers.get('range')).toBe(`0-${Math.max(0, offset - 1)}`)
  const finished = await finishUpload(fixture.server.url, pathOf(status), content, offset)
  expect(finished.status, await finished.text()).toBe(201)
}

function pathOf(response: Response): string {
  const location = new URL(response.headers.get('location') ?? '', response.url)
  return `${location.pathname}${location.search}`
}

const malformed = [
  'bytes 0-9/20',
  'bytes=0-9',
  'bytes 0-9',
  'abc',
  '0',
  '-',
  '0-',
  '-9',
  '9-0',
  '0-9-9',
  '0x0-0x9',
  '0.0-9.0',
  '0e0-9e0',
  '+0-9',
  '0-9/20',
  '0 9',
  '0-99999999999999999999999999',
  '9007199254740991-9007199254741000',
  '18446744073709551616-18446744073709551625',
  '0-\xb9',
]

const outOfOrder: Readonly<Record<string, Chunk>> = {
  'skips bytes of an empty upload': { range: '5-14' },
  'skips one byte': { range: '11-20', offset: 10 },
  'starts far behind the end': { range: '4503599627370496-4503599627370505', offset: 10 },
  'repeats the chunk before it': { range: '0-9', offset: 10 },
  'overlaps the chunk before it': { range: '5-14', offset: 10 },
}

export const uploadRanges: readonly Row[] = [
  ...malformed.map<Row>((range) => ({
    name: `refuses a chunk with Content-Range: ${range}`,
    send: refused({ range }),
    status: [400, 416],
    code: ['BLOB_UPLOAD_INVALID', 'RANGE_INVALID', 'SIZE_INVALID'],
  })),
  ...Object.entries(outOfOrder).flatMap<Row>(([what, chunk]) =>
    ['PATCH', 'PUT'].map((method) => ({
      name: `refuses a ${method} that ${what}`,
      send: refused({ ...chunk, method }),
      status: [416],
      code: ['BLOB_UPLOAD_INVALID', 'RANGE_INVALID', 'SIZE_INVALID'],
    })),
  ),
  ...['0-99', '0-4', '0-0', '0-10'].map<Row>((range) => ({
    name: `refuses ten bytes that say they are ${range}`,
    send: refused({ range }),
    status: [400, 416],
    code: ['BLOB_UPLOAD_INVALID', 'RANGE_INVALID', 'SIZE_INVALID'],
  })),
  {
    name: 'refuses an empty chunk that says it is ten bytes',
    send: refused({ range: '0-9', body: Buffer.alloc(0) }),
    status: [400, 416],
  },
  {
    name: 'refuses a malformed Content-Range on a PUT',
    send: refused({ range: 'bytes 0-9/20', method: 'PUT' }),
    status: [400, 416],
  },
  {
    name: 'takes or refuses an empty Content-Range',
    send: async (fixture): Promise<Message> => ({
      method: 'PATCH',
      target: await fixture.upload(),
      headers: { 'Content-Range': '' },
      body: half,
    }),
    status: [202, 400, 416],
  },
]
