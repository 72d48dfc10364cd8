import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type Frame, findMark, headLength, isSound, readHead } from './frames.ts'

/** A part of a file that holds nothing to go by. */
export interface Damage {
  readonly kind: 'damage'
  readonly from: number
  readonly to: number
  /** Records that were lost with it; undefined: nothing behind it tells. */
  readonly records: number | undefined
  /** It is the end of the file: what a crash leaves of a write that it cut short. */
  readonly tail: boolean
}

/** Bytes looked at together behind damage. */
const searchSize = 1024 * 1024

/** The frames of a file in order, and where there are none. */
export function* readFrames(path: string): Generator<Frame | Damage> {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    let position = 0
    let records = 0
    while (position < size) {
      const frame = frameAt(file, position, size)
      if (frame) {
        yield frame
        position += headLength + frame.content.length
        records = frame.before + frame.count
        continue
      }
      const next = nextFrame(file, position + 1, size)
      const behind = next === undefined ? undefined : frameAt(file, next, size)
      yield {
        kind: 'damage',
        from: position,
        to: next ?? size,
        records: behind && behind.before - records,
        tail: next === undefined,
      }
      position = next ?? size
    }
  } finally {
    closeSync(file)
  }
}

function frameAt(file: number, position: number, size: number): Frame | undefined {
  const head = readHead(read(file, position, headLength))
  if (!head || position + headLength + head.length > size) return undefined
  const bytes = read(file, position, headLength + head.length)
  if (bytes.length < headLength + head.length || !isSound(bytes)) return undefined
  const { length: _, ...frame } = head
  return { ...frame, content: bytes.subarray(headLength) }
}

/** Where the next sound frame begins. */
function nextFrame(file: number, from: number, size: number): number | undefined {
  for (let start = from; start < size; start += searchSize) {
    // A mark may lie across the border of two parts.
    const bytes = read(file, start, searchSize + 2)
    for (let at = findMark(bytes, 0); at !== undefined && at < searchSize; at = findMark(bytes, at + 1)) {
      if (frameAt(file, start + at, size)) return start + at
    }
  }
  return undefined
}

function read(file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(file, bytes, filled, length - filled, position + filled)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}
