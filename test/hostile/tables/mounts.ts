import { expect } from 'bun:test'
import { absent, blob, elsewhere, repository } from '../content.ts'
import type { Message, Row } from '../row.ts'

const here = `/v2/${elsewhere}/blobs/uploads/`

function mount(query: string): Message {
  return {
    method: 'POST',
    target: `${here}?${query}`,
    after: ({ status, headers }) => {
      if (status === 202) expect(headers.get('location')).toContain(here)
    },
  }
}

const malformed: Readonly<Record<string, string>> = {
  'a short digest': 'sha256:short',
  'a digest in upper case': blob.digest.toUpperCase(),
  'an md5 digest': `md5:${'0'.repeat(32)}`,
  'a digest with a NUL': `${blob.digest}%00`,
  'a broken escape': 'sha256%zz',
  'a path': '..%2f..%2fmetadata.sqlite',
}

/** A mount that can't be done is an ordinary upload; a name that is none may also be refused. */
const sources: Readonly<Record<string, string>> = {
  'a repository that never was': 'nobody/nothing',
  'an empty repository': '',
  'a repository in upper case': 'Hostile/Base',
  'a repository that is a path': '..%2f..%2fhostile%2fbase',
  'a repository with a NUL': 'hostile%00/base',
  'a repository in invalid UTF-8': '%ff%fe',
  'a repository of 10,000 characters': 'a'.repeat(10_000),
}

export const mounts: readonly Row[] = [
  ...Object.entries(malformed).map<Row>(([what, digest]) => ({
    name: `mounts ${what}`,
    send: mount(`mount=${digest}&from=${repository}`),
    status: [400],
    code: ['DIGEST_INVALID', 'BLOB_UPLOAD_INVALID'],
  })),
  { name: 'mounts nothing', send: mount(`mount=&from=${repository}`), status: [202, 400] },
  {
    name: 'mounts what is nowhere',
    send: mount(`mount=${absent}&from=${repository}`),
    status: [202],
  },
  ...Object.entries(sources).map<Row>(([what, from]) => ({
    name: `mounts from ${what}`,
    send: mount(`mount=${absent}&from=${from}`),
    status: [202, 400],
    code: ['NAME_INVALID', 'BLOB_UPLOAD_INVALID'],
  })),
  {
    name: 'mounts twice at once',
    send: mount(`mount=${absent}&mount=${absent}&from=${repository}&from=nobody`),
    status: [202, 400],
  },
]
