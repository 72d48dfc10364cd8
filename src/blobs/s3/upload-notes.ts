import type { ObjectKey } from '../blob-store.ts'
import type { Part } from './multiparts.ts'

/** How far an upload of several requests is: on record in its row, so that any process goes on from there. */
export interface UploadNotes {
  /** Bytes in all. */
  readonly size: number
  /** Undefined: no part was sent so far. */
  readonly multipart: string | undefined
  /** From number 1 on; with their ETags, so that a part that somebody else overwrote is noticed. */
  readonly parts: readonly Part[]
  /** What is too little for a part. */
  readonly tail: (Part & { readonly key: ObjectKey }) | undefined
  /** The bytes are an object already, under the upload's final key. */
  readonly whole: boolean
}

/** Short: an upload of 5 TiB has ten thousand parts. */
interface Written {
  readonly size: number
  readonly multipart?: string
  readonly parts?: readonly (readonly [size: number, etag: string])[]
  readonly tail?: readonly [size: number, etag: string, key: ObjectKey]
  readonly whole?: boolean
}

export const noNotes: UploadNotes = {
  size: 0,
  multipart: undefined,
  parts: [],
  tail: undefined,
  whole: false,
}

export function writeNotes({ size, multipart, parts, tail, whole }: UploadNotes): string {
  const written: Written = {
    size,
    ...(multipart && { multipart, parts: parts.map((part) => [part.size, part.etag] as const) }),
    ...(tail && { tail: [tail.size, tail.etag, tail.key] as const }),
    ...(whole && { whole }),
  }
  return JSON.stringify(written)
}

export function readNotes(text: string | null | undefined): UploadNotes | undefined {
  if (text === null || text === undefined) return undefined
  const { size, multipart, parts = [], tail, whole = false } = JSON.parse(text) as Written
  return {
    size,
    multipart,
    parts: parts.map(([bytes, etag]) => ({ size: bytes, etag })),
    tail: tail && { size: tail[0], etag: tail[1], key: tail[2] },
    whole,
  }
}
