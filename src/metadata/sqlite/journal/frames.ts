/*
 * A file of the journal is a row of frames:
 *
 *   0  "Brt" and the frame's kind
 *   4  length of what follows the 32 bytes of the head
 *   8  CRC-32 of everything behind it
 *  12  how many records are in it
 *  16  how many records came before it in this file
 *  24  when it was written, in milliseconds since 1970
 *  32  the content
 *
 * A write that a crash cut short is told by length and checksum; behind damage the next frame is found by its first
 * bytes, and the counts say what was lost in between.
 */

/** What the file is, as JSON; records; the end of a snapshot, so that a part of one is not taken for the whole. */
export type FrameKind = 'head' | 'records' | 'end'

export interface Frame {
  readonly kind: FrameKind
  /** Records in it, and before it in its file. */
  readonly count: number
  readonly before: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly content: Uint8Array
}

export const headLength = 32
/** More is damage: the largest row is a manifest, and one frame holds little beside it. Bytes. */
const longestContent = 64 * 1024 * 1024
const kinds: Readonly<Record<FrameKind, number>> = { head: 0x48, records: 0x52, end: 0x45 }
const mark = [0x42, 0x72, 0x74] as const

export function encodeFrame(frame: Omit<Frame, 'content'>, content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0)
  const bytes = new Uint8Array(headLength + length)
  const view = new DataView(bytes.buffer)
  bytes.set([...mark, kinds[frame.kind]])
  view.setUint32(4, length)
  view.setUint32(12, frame.count)
  view.setFloat64(16, frame.before)
  view.setFloat64(24, frame.at)
  let position = headLength
  for (const part of content) {
    bytes.set(part, position)
    position += part.length
  }
  view.setUint32(8, Bun.hash.crc32(bytes.subarray(12)))
  return bytes
}

/** What the first bytes of a frame say, unchecked; undefined: no frame begins here. */
export function readHead(
  bytes: Uint8Array,
  offset = 0,
): (Omit<Frame, 'content'> & { length: number }) | undefined {
  if (bytes.length < offset + headLength || !mark.every((byte, index) => bytes[offset + index] === byte))
    return undefined
  const kind = (Object.keys(kinds) as FrameKind[]).find((name) => kinds[name] === bytes[offset + 3])
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset)
  const length = view.getUint32(4)
  if (!kind || length > longestContent) return undefined
  return { kind, length, count: view.getUint32(12), before: view.getFloat64(16), at: view.getFloat64(24) }
}

/** Whether a whole frame is what was written. */
export function isSound(frame: Uint8Array): boolean {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(8) === Bun.hash.crc32(frame.subarray(12))
}

/** Where a frame may begin at or behind `from`; undefined: nowhere in these bytes. */
export function findMark(bytes: Uint8Array, from: number): number | undefined {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(Buffer.from(mark), from)
  return found < 0 ? undefined : found
}
